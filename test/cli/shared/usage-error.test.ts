import { describe, expect, test } from 'vitest';
import { runVerb } from '../../helpers/verb.ts';

const PREFIX = /^sluice: (.*)\n +(.*)\n$/;

async function refusal(...args: readonly string[]) {
  const { code, text, errors } = await runVerb(args);
  expect({ code, text }).toEqual({ code: 2, text: '' });
  const [, message, hint] = PREFIX.exec(errors) ?? [];
  return [message, hint];
}

describe('what the command line refuses', () => {
  test.each([
    [
      ['explian', 'a', 'b'],
      'Unknown command "explian" for sluice.',
      'Did you mean explain? See sluice --help.',
    ],
    [['xyzzy'], 'Unknown command "xyzzy" for sluice.', 'See sluice --help.'],
    [
      ['audit', 'verifi'],
      'Unknown command "verifi" for sluice audit.',
      'Did you mean verify? See sluice audit --help.',
    ],
    [['flows', '--souce', 'x'], 'Unknown option --souce.', 'Did you mean --source? See sluice flows --help.'],
    [['revoke', '--al'], 'Unknown option --al.', 'Did you mean --all, --as? See sluice revoke --help.'],
    [['grant', '--from'], '--from <end> needs a value.', 'See sluice grant --help.'],
    [['grant', '--from', 'web'], '--to <end> is required.', 'See sluice grant --help.'],
    [
      ['--context', 'audit', '--souce'],
      'Unknown option --souce.',
      'Did you mean --source? See sluice --help.',
    ],
    [
      ['-n', 'audit', 'lnt'],
      'Unknown command "lnt" for sluice.',
      'Did you mean lint, grant? See sluice --help.',
    ],
    [
      ['grants', '--context', 'audit', '--al'],
      'Unknown option --al.',
      'Did you mean --as? See sluice grants --help.',
    ],
    [['--souce'], 'Unknown option --souce.', 'Did you mean --source? See sluice --help.'],
  ])('%j: the word at fault, and the nearest', async (args, message, hint) => {
    expect(await refusal(...args)).toEqual([message, hint]);
  });

  test('a command that only holds others prints its help', async () => {
    const { code, text, errors } = await runVerb(['audit']);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(text).toMatch(/^Usage: sluice audit /);
    expect(text).toContain('verify');
  });
});
