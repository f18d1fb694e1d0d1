/**
 * Makes calls out of wishes: the first at once, the next when the call before is done and has rested as long as it said,
 * in milliseconds. Wishes of that time are one call. So a thousand peers that come and go cost as much as a few.
 */
export function paced(call: () => Promise<number>, rest: (ms: number) => Promise<void> = sleep): () => void {
  let isBusy = false;
  let isWished = false;

  async function serve(): Promise<void> {
    isBusy = true;
    while (isWished) {
      isWished = false;
      await rest(await call());
    }
    isBusy = false;
  }

  return () => {
    isWished = true;
    if (!isBusy) void serve();
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
