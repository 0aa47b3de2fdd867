import type { Interface, ParamType } from "ethers";

/**
 * Decodes what a contract returns, a word at a time. ethers checks and names far more than a run that reads everything after each
 * step can afford. Whole numbers become bigints, structs objects, arrays arrays; other words and bytes stay hexadecimal.
 */
export type Decoder = (data: string) => unknown[];

/** Digits of a word. */
const WORD = 64;

interface Coder {
  dynamic: boolean;
  /** Digits in the head of what contains it. */
  size: number;
  /** Decodes what begins at a digit of `data`. */
  decode: (data: string, at: number) => unknown;
}

const numberAt = (data: string, at: number): number => parseInt(data.slice(at, at + WORD), 16);
const wordAt = (data: string, at: number): bigint => BigInt(`0x${data.slice(at, at + WORD)}`);

/** A coder of parts that stand one after the other. */
function sequenceOf(coders: Coder[]): {
  dynamic: boolean;
  size: number;
  parts: (data: string, at: number) => unknown[];
} {
  const dynamic = coders.some((coder) => coder.dynamic);
  const size = coders.reduce((sum, coder) => sum + coder.size, 0);
  const parts = (data: string, at: number): unknown[] => {
    let head = at;
    return coders.map((coder) => {
      const start = coder.dynamic ? at + 2 * numberAt(data, head) : head;
      head += coder.size;
      return coder.decode(data, start);
    });
  };
  return { dynamic, size: dynamic ? WORD : size, parts };
}

function coderOf(type: ParamType): Coder {
  if (type.baseType === "tuple") {
    const names = type.components!.map(({ name }) => name);
    const { parts, ...rest } = sequenceOf(type.components!.map(coderOf));
    return {
      ...rest,
      decode: (data, at) => {
        const values = parts(data, at);
        return Object.fromEntries(names.map((name, i) => [name, values[i]]));
      },
    };
  }
  if (type.baseType === "array") {
    if (type.arrayLength !== -1) throw new Error(`arrays of a fixed length are not decoded: ${type.type}`);
    const child = coderOf(type.arrayChildren!);
    return {
      dynamic: true,
      size: WORD,
      decode: (data, at) => {
        const children = Array.from<Coder>({ length: numberAt(data, at) }).fill(child);
        return sequenceOf(children).parts(data, at + WORD);
      },
    };
  }
  if (type.type === "bytes")
    return {
      dynamic: true,
      size: WORD,
      decode: (data, at) => data.slice(at + WORD, at + WORD + 2 * numberAt(data, at)),
    };
  const one = (decode: Coder["decode"]): Coder => ({ dynamic: false, size: WORD, decode });
  if (type.type === "bool") return one((data, at) => data[at + WORD - 1] === "1");
  if (type.type.startsWith("uint")) return one(wordAt);
  if (type.type.startsWith("int")) return one((data, at) => BigInt.asIntN(256, wordAt(data, at)));
  if (type.type === "string") throw new Error("strings are not decoded");
  return one((data, at) => data.slice(at, at + WORD));
}

/** Decoder of the results of a function; takes digits without a prefix. */
export function decoderOf(abi: Interface, name: string): Decoder {
  const { parts } = sequenceOf(abi.getFunction(name)!.outputs.map(coderOf));
  return (data) => parts(data, 0);
}
