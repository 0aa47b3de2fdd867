import type { Client } from "viem";
import { watchBlockNumber } from "viem/actions";
import { sentenceOf } from "../lib/errors.ts";

/** How a picture is kept up to date. */
export interface FollowParameters {
  client: Client;
  /** Makes the picture of now, with the end of its last line. */
  read: () => Promise<string>;
  write: (text: string) => void;
  /** Whether each picture takes the place of the last, as in a terminal; else those that differ follow one another. */
  redraw: boolean;
}

// Terminal: to the top left; clear the rest of a line, or all below; another screen without a cursor, and back.
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";

/** Shows a picture again with every block until the process is interrupted. */
export async function follow({ client, read, write, redraw }: FollowParameters): Promise<void> {
  let shown = "";
  const draw = async (): Promise<void> => {
    const picture = await read();
    if (redraw) write(`${HOME}${picture.replaceAll("\n", `${CLEAR_LINE}\n`)}${CLEAR_BELOW}`);
    else if (picture !== shown) write(picture);
    shown = picture;
  };
  const complain = (error: unknown): void => write(`${sentenceOf(error)}\n`);
  if (redraw) write(ENTER);
  try {
    await draw();
    await new Promise<void>((resolve) => {
      let drawing = Promise.resolve();
      const unwatch = watchBlockNumber(client, {
        // A picture that fails is complained about; the next block tries again.
        onBlockNumber: () => void (drawing = drawing.then(draw).catch(complain)),
        onError: complain,
      });
      const stop = () => {
        unwatch();
        void drawing.then(resolve);
      };
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
    });
  } finally {
    if (redraw) write(LEAVE);
  }
}
