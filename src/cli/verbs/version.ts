import { EXIT, type Format, type Output, VERSION, writeAnswer } from '../shared/shared.ts';

/** `sluice version`: the versions of sluice and Node; does not contact a cluster. */
export function version(output: Output, format: Format): number {
  const answer = { version: VERSION, node: process.version, platform: `${process.platform}/${process.arch}` };
  writeAnswer(
    output,
    format,
    answer,
    () => `sluice ${answer.version} (node ${answer.node}, ${answer.platform})\n`,
  );
  return EXIT.done;
}
