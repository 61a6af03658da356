/**
 * The body of a GET that answers 200, as text. Throws on anything else, on a redirect, on a body beyond `maximum` bytes and when
 * the signal ends it, before or while the body is read.
 */
export async function fetchText(
  url: URL,
  { signal, maximum }: { readonly signal: AbortSignal; readonly maximum: number },
): Promise<string> {
  const response = await fetch(url, {
    redirect: "error",
    headers: { accept: "application/json" },
    signal,
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  }
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? [];
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (size > maximum) throw new Error(`more than ${maximum} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
