// The package brings no types.
declare module "parse-prometheus-text-format" {
  interface Family {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    /** Counters, gauges and untyped samples have a value; histograms and summaries do not. */
    readonly metrics: readonly { readonly value?: string; readonly labels?: Record<string, string> }[];
  }
  export default function parse(text: string): Family[];
}
