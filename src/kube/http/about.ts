/** What a call is about, for messages. `resource` is the plural; `subresource` as in `pods/exec`. */
export type About = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
};

/** Where calls go and with whose entry of the kubeconfig, for messages. */
export type Origin = { readonly server: URL; readonly context: string; readonly user: string };
