/** Acts now and again after each `everyMs`, never twice at once; the returned function ends it. */
export function keepingTime(everyMs: number, act: () => Promise<void>, failed: (error: Error) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const round = (): void => {
    void act()
      .catch((error: unknown) => failed(error instanceof Error ? error : new Error(String(error))))
      .then(() => {
        if (!ended) timer = setTimeout(round, everyMs);
      });
  };
  round();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
