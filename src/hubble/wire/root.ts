import protobuf from 'protobufjs';
import flowText from './flow.proto';
import observerText from './observer.proto';
import relayText from './relay.proto';

let root: protobuf.Root | undefined;

/**
 * The packages `observer`, `flow` and `relay` with their well-known types, made from the text of the `.proto` files on
 * first use. Field names stay as on the wire: some are literally `IP`, `Type`, `TCP` (HUB-1).
 */
export function wireRoot(): protobuf.Root {
  root ??= load();
  return root;
}

function load(): protobuf.Root {
  const made = new protobuf.Root();
  for (const name of ['timestamp', 'wrappers', 'field_mask']) {
    made.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)?.nested ?? {});
  }
  for (const text of [relayText, flowText, observerText]) protobuf.parse(text, made, { keepCase: true });
  made.resolveAll();
  return made;
}
