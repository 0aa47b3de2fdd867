/** The table as LiteLLM's migrations make it, as far as a meter is concerned; prompts and answers included. */
export const SPEND_LOGS = `CREATE TABLE "LiteLLM_SpendLogs" (
  "request_id" TEXT NOT NULL,
  "call_type" TEXT NOT NULL,
  "api_key" TEXT NOT NULL DEFAULT '',
  "spend" DOUBLE PRECISION NOT NULL DEFAULT 0.0,
  "total_tokens" INTEGER NOT NULL DEFAULT 0,
  "prompt_tokens" INTEGER NOT NULL DEFAULT 0,
  "completion_tokens" INTEGER NOT NULL DEFAULT 0,
  "startTime" TIMESTAMP(3) NOT NULL,
  "endTime" TIMESTAMP(3) NOT NULL,
  "completionStartTime" TIMESTAMP(3),
  "model" TEXT NOT NULL DEFAULT '',
  "model_id" TEXT DEFAULT '',
  "model_group" TEXT DEFAULT '',
  "custom_llm_provider" TEXT DEFAULT '',
  "api_base" TEXT DEFAULT '',
  "user" TEXT DEFAULT '',
  "metadata" JSONB DEFAULT '{}',
  "cache_hit" TEXT DEFAULT '',
  "cache_key" TEXT DEFAULT '',
  "request_tags" JSONB DEFAULT '[]',
  "team_id" TEXT,
  "end_user" TEXT,
  "requester_ip_address" TEXT,
  "messages" JSONB DEFAULT '{}',
  "response" JSONB DEFAULT '{}',
  "session_id" TEXT,
  "status" TEXT,
  CONSTRAINT "LiteLLM_SpendLogs_pkey" PRIMARY KEY ("request_id")
)`;

/** A row as the gateway writes it. */
export interface SpendRow {
  request_id: string;
  startTime: string;
  [column: string]: string | number | null | object;
}

/** A paid request of somebody with a key. */
export function spendRow(request_id: string, startTime: string, other: object = {}): SpendRow {
  return {
    request_id,
    call_type: "acompletion",
    api_key: "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
    spend: 0.0123,
    total_tokens: 120,
    prompt_tokens: 100,
    completion_tokens: 20,
    startTime,
    endTime: startTime,
    model: "openai/gpt-4o",
    metadata: {
      user_api_key: "88dc",
      usage_object: {
        completion_tokens: 20,
        prompt_tokens: 100,
        total_tokens: 120,
        completion_tokens_details: { reasoning_tokens: 8, audio_tokens: null },
        prompt_tokens_details: { cached_tokens: 40 },
      },
    },
    cache_hit: "False",
    status: "success",
    ...other,
  };
}
