/** Acts now and `everyMs` after it has, `againMs` after it could not, never twice at once; what it returns ends it. */
export function keepingTime(
  { everyMs, againMs }: { readonly everyMs: number; readonly againMs: number },
  act: () => Promise<void>,
  failed: (error: Error) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const round = (): void => {
    const next = (ms: number): void => {
      if (!ended) timer = setTimeout(round, ms);
    };
    act().then(
      () => next(everyMs),
      (error: unknown) => {
        failed(error instanceof Error ? error : new Error(String(error)));
        next(againMs);
      },
    );
  };
  round();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
