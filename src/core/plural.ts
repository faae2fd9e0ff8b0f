/** `1 pod`, `2 pods`; `many` is the word for several where an s is not enough. */
export function plural(amount: number, noun: string, many = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : many}`;
}
