/** Samples of a page of metrics: what stands before the value (name and labels) → the value. */
export function samplesIn(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const gap = line.lastIndexOf(' ');
    samples.set(line.slice(0, gap), Number(line.slice(gap + 1)));
  }
  return samples;
}
