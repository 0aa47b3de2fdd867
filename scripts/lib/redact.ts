const HIDDEN = "[redacted]";

/** Shorter texts are no secrets, and hiding them would spoil what is written. */
const SHORTEST = 8;

/**
 * What may be said of a node's or signer's address: where it is, without user, path and query, any of which may hold a key.
 *
 * @example
 * publicUrl("https://user:password@rpc.example/v3/key?token=1"); // "https://rpc.example"
 */
export function publicUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : HIDDEN;
}

/** The parts of addresses that are nobody's business: user, password, long parts of the path, values of the query. */
export function secretsOf(urls: readonly string[]): string[] {
  return urls.flatMap((url) => {
    if (!URL.canParse(url)) return [url];
    const { username, password, pathname, searchParams } = new URL(url);
    const basic =
      username === "" ? [] : [btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)];
    return [username, password, ...basic, ...pathname.split("/"), ...searchParams.values()];
  });
}

/**
 * Makes a function that hides secrets wherever they stand in a text, as they are and as they are written in an address.
 * @param secrets Keys with or without 0x, parts of addresses; those below eight characters are left alone.
 */
export function redactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const bare = secrets.map((secret = "") => secret.replace(/^0x/, ""));
  const forms = bare.flatMap((secret) => [secret, encodeURIComponent(secret), unescaped(secret)]);
  // The longest first: one may be a part of another.
  const hidden = [...new Set(forms)]
    .filter(({ length }) => length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((all, secret) => all.replaceAll(secret, HIDDEN), text);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
