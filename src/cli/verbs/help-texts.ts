import type { HelpText } from '../shared/shared.ts';

/** What the help of each command says, by its path. A test runs the examples. */
export const HELP_TEXTS: Readonly<Record<string, HelpText>> = {
  sluice: {
    about:
      'Open one network path in Kubernetes, for a while, in plain sight. Without a command, sluice opens the app on the current context.',
    examples: [
      ['Open the app on a context and namespace', 'sluice --context prod -n payments'],
      ['Open it on the policies with a mistake', 'sluice --pane policies --filter lint:'],
      ['Try everything on an embedded cluster', 'sluice demo'],
      ['Find out why web cannot reach the database', 'sluice explain deploy/web sts/db --port 5432/tcp'],
      [
        'Open that path for 15 minutes',
        'sluice grant --from deploy/web --to sts/db --port 5432/tcp --for 15m --reason "orders are missing"',
      ],
    ],
    exits: [
      ['0', 'done, or the verdict is allow'],
      ['1', 'failed'],
      ['2', 'invalid command line or configuration'],
      ['3', 'the verdict is deny, or a check failed'],
      ['4', 'the verdict is undecidable'],
      ['6', 'something of a grant is left behind'],
      ['130', 'interrupted, after revoking what was open'],
    ],
  },
  'sluice demo': {
    about:
      'Run the app on an embedded cluster: no Kubernetes and no kubeconfig are needed. Without a terminal, print a guided tour that opens a path and proves it closed.',
    examples: [
      ['Open the app', 'sluice demo'],
      ['Print the tour line by line', 'sluice demo --plain'],
      ['Keep the cluster running for kubectl and other sluice commands', 'sluice demo --serve'],
      ['Use another cluster, the same each time', 'sluice demo --seed 7'],
    ],
  },
  'sluice flows': {
    about:
      'Show connection attempts, with the verdict and the policy that decided it: the last 20 that Hubble remembers, those of --since, --last or --first, or with --follow new ones until interrupted. Sockets have no past, so --source probe always follows.',
    examples: [
      ['Show the next drop in the namespace', 'sluice flows -f --verdict drop --first 1'],
      ['Show who talks to the database, from any namespace', 'sluice flows -A --to shop/sts/db --first 5'],
      ['Show the last 5 minutes, as JSON lines', 'sluice flows --since 5m -o json'],
      ['Record flows, and read them again later', 'sluice flows -f --record flows.jsonl --first 100'],
      ['Show the drops of a recording', 'sluice flows --replay flows.jsonl --verdict drop'],
    ],
  },
  'sluice explain': {
    about:
      'Explain whether FROM can reach TO, and why: the policies that decide, what they miss by, and the smallest edit that would open the path. The exit code is the verdict.',
    examples: [
      ['Find out why web cannot reach the database', 'sluice explain deploy/web sts/db --port 5432/tcp'],
      ['Ask about an address outside and a named port', 'sluice explain 203.0.113.7 svc/web --port http'],
      ['Try a policy before applying it', 'sluice explain web sts/db --port 5432 --with web-to-db.yaml'],
      [
        'Evaluate files as Cilium does, without a cluster',
        'sluice explain shop/web shop/db --port 5432 --enforcer cilium --manifests k8s/',
      ],
      ['Ask about many paths, one JSON object per line', 'sluice explain --batch paths.ndjson'],
    ],
    exits: [
      ['0', 'allow; with --batch, all paths are evaluated'],
      ['1', 'failed; with --batch, a line is invalid'],
      ['3', 'deny'],
      ['4', 'undecidable'],
    ],
  },
  'sluice matrix': {
    about: 'List all pairs that can talk, by workload and port range.',
    examples: [
      ['List the pairs of a namespace', 'sluice matrix -n shop'],
      ['Write a table of a folder of manifests', 'sluice matrix -o csv --manifests k8s/'],
      ['Draw a chart before installing it', 'helm template chart/ | sluice matrix -o dot --manifests -'],
    ],
  },
  'sluice check': {
    about: 'Test expectations about who may talk to whom, against a cluster or manifests.',
    examples: [
      ['Test the cluster', 'sluice check expectations.yaml'],
      [
        'Test a folder of manifests, for a CI system',
        'sluice check expectations.yaml -o junit --manifests k8s/',
      ],
      ['Print what the file may hold, for an editor', 'sluice check --schema'],
    ],
    exits: [
      ['0', 'all expectations are met'],
      ['3', 'an expectation is violated, or a policy would be rejected'],
      ['4', 'an expectation is undecidable'],
    ],
  },
  'sluice diff': {
    about: 'Show what a change of manifests opens and closes, between the trees OLD and NEW.',
    examples: [
      ['Compare two folders', 'sluice diff old/ new/'],
      ['Write a comment for a pull request', 'sluice diff old/ new/ -o markdown'],
      ['Compare what kustomize builds', 'kubectl kustomize overlays/prod | sluice diff old/ -'],
      ['Fail if anything changes', 'sluice diff old/ new/ --exit-code'],
    ],
    exits: [
      ['0', 'compared'],
      ['1', 'failed; with --exit-code, there are changes'],
    ],
  },
  'sluice lint': {
    about: 'Find mistakes in policies, with a fix for each and the source that calls it a mistake.',
    examples: [
      ['Look at all namespaces', 'sluice lint -A'],
      ['Fail on errors and warnings in a folder', 'sluice lint --strict --manifests k8s/'],
      ['Write a report for a code host', 'sluice lint -o sarif --manifests k8s/ > lint.sarif'],
      ['List what is looked for', 'sluice lint --rules'],
    ],
    exits: [
      ['0', 'examined'],
      ['3', 'with --strict, there are errors or warnings'],
    ],
  },
  'sluice grant': {
    about:
      'Open a path for a while, as a NetworkPolicy that the cluster itself removes. With --wait, also prove it open by traffic, count down, revoke it and prove it closed.',
    examples: [
      [
        'Open a path for 15 minutes, and stay until it is closed',
        'sluice grant --from deploy/web --to sts/db --port 5432/tcp --for 15m --reason "orders are missing" --wait',
      ],
      [
        'Reach a block of addresses outside, on a port and a range',
        'sluice grant --from deploy/web --to 198.51.100.0/24 --port 443 --port 8000-8100/tcp --for 15m --reason "orders are missing"',
      ],
      [
        'Show the plan and what the server says to it',
        'sluice grant --from deploy/web --to sts/db --port 5432/tcp --for 15m --reason test --dry-run',
      ],
      [
        'Print the objects that would be created',
        'sluice grant --from deploy/web --to sts/db --port 5432/tcp --for 15m --reason test --dry-run -o yaml',
      ],
      [
        'Go without the approval that is required, where the configuration lets you',
        'sluice grant --from deploy/web --to sts/db --port 5432/tcp --for 15m --reason "orders are missing" --break-glass "nobody answers"',
      ],
    ],
    exits: [
      ['0', 'granted; with --wait, ended too'],
      [
        '1',
        'failed or refused; with --wait, new connections still get through; with --cut, an old one lives on',
      ],
      ['130', 'interrupted; with --wait, after revoking the grant'],
    ],
  },
  'sluice grants': {
    about:
      'List active grants, whoever made them, and what is wrong with each: overdue, edited, moved without announcement, or with others on its path. Pods and policies around them are judged as far as they can be read.',
    examples: [
      ['List those of the current namespace', 'sluice grants'],
      ['List those of all namespaces, as JSON', 'sluice grants -A -o json'],
    ],
    exits: [
      ['0', 'nothing is wrong with any of them'],
      ['3', 'something is wrong with one; see TROUBLE'],
      ['4', 'a half of one is out of view'],
    ],
  },
  'sluice revoke': {
    about:
      'End grants now. A grant is done when the server confirms that its policies are gone; then the path is judged as it is without it.',
    examples: [
      ['End one grant, in whatever namespace it is', 'sluice revoke c4mzp2'],
      ['End all grants of a namespace', 'sluice revoke --all -n shop'],
      ['End all grants of the cluster', 'sluice revoke --all -A'],
      ['End what was opened through it too, where that is possible', 'sluice revoke c4mzp2 --cut'],
      ['End one in a script that may run twice', 'sluice revoke c4mzp2 --ignore-not-found'],
    ],
    exits: [
      ['0', 'revoked; the path is closed, or was not judged'],
      ['1', 'not revoked, or not recorded in the audit log; with --cut, a connection lives on'],
      ['3', 'revoked, but the path is still open through others'],
      ['4', "it can't be told whether it is revoked"],
      ['6', 'revoked, but a lease is left behind'],
    ],
  },
  'sluice extend': {
    about: 'Extend a grant, lease and policy together, up to the longest window of the configuration.',
    examples: [
      ['Keep a path open for 15 more minutes', 'sluice extend c4mzp2 --for 15m'],
      ['Print the new end', "sluice extend c4mzp2 --for 1h -o json | jq -r '.window.end'"],
    ],
  },
  'sluice request': {
    about:
      'Ask for a grant that somebody else has to approve. What is made are the objects of the grant, which open nothing until then and end by themselves when nobody answers (an hour, or pendingFor of the configuration). With --wait, wait for the answer, then follow the grant as grant --wait does; interrupted, it withdraws the request. sluice revoke withdraws it, too.',
    examples: [
      [
        'Ask for 15 minutes, and stay until the path is closed again',
        'sluice request --from deploy/web --to sts/db --port 5432/tcp --for 15m --reason "orders are missing" --wait',
      ],
      [
        'Show the plan that would be approved',
        'sluice request --from deploy/web --to sts/db --port 5432/tcp --for 15m --reason test --dry-run',
      ],
    ],
    exits: [
      ['0', 'requested; with --wait, approved and ended too'],
      ['1', 'failed or refused by a limit; with --wait, new connections still get through'],
      ['3', 'with --wait, refused, removed, or not answered in time'],
      ['130', 'interrupted; with --wait, after withdrawing the request or revoking the grant'],
    ],
  },
  'sluice requests': {
    about:
      'List what waits for approval, and whether a grant of it would still do what it would have done when it was requested. With an id, print the whole plan, and how it differs.',
    examples: [
      ['List what waits in all namespaces', 'sluice requests -A'],
      ['Print the plan of one', 'sluice requests c4mzp2'],
      ['Print its facts alone', "sluice requests c4mzp2 -o json | jq -r '.plan.facts[]'"],
    ],
    exits: [
      ['0', 'listed; with an id, the plan is as it was requested'],
      ['3', "with an id, the plan has changed, or can't be made any more"],
    ],
  },
  'sluice approve': {
    about:
      "Open the path of somebody else's request, from now on for as long as was asked. The plan is made anew from the cluster as it is, and exactly that plan is approved: by its hash, or by saying yes on a terminal. Where it has changed since the request, what was and what is now are shown.",
    examples: [
      ['Look at the plan, and decide', 'sluice approve c4mzp2'],
      ['Approve the plan that was reviewed', 'sluice approve c4mzp2 --plan 3fa9c1d2e4b6'],
    ],
    exits: [
      ['0', 'approved'],
      ['1', 'failed or refused: it is your own, it was edited, or the plan is another by now'],
      ['3', 'nothing is approved: no plan was named, or you declined'],
    ],
  },
  'sluice refuse': {
    about: 'Refuse a request: say why to whoever asked, and remove it.',
    examples: [
      ['Refuse one', 'sluice refuse c4mzp2 --reason "use the replica"'],
      ['Tell a script what became of it', 'sluice refuse c4mzp2 --reason "use the replica" -o json'],
    ],
    exits: [
      ['0', 'refused and removed'],
      ['1', 'not removed, or not recorded in the audit log'],
      ['4', "it can't be told whether it is removed"],
      ['6', 'removed, but a lease is left behind'],
    ],
  },
  'sluice sweep': {
    about:
      'Remove what grants have left in the cluster: policies past their window or without a lease that ends them, leases that end nothing, halves alone. What lives is never touched, what somebody edited is told, and an object that only has the label of sluice is removed by its name alone. It never asks.',
    examples: [
      ['List and explain leftovers of all namespaces', 'sluice sweep --dry-run -A'],
      ['Remove those of the current namespace', 'sluice sweep'],
      ['Tell a script what was left, and where', 'sluice sweep --dry-run -A -o json'],
      ['Remove one, and a policy with a forged label', 'sluice sweep c4mzp2 NetworkPolicy/shop/allow-all'],
      ['Go on, and remove leftovers of all namespaces as they appear', 'sluice sweep --watch -A -o json'],
    ],
    exits: [
      ['0', 'nothing is left; with --watch, it was told to end'],
      ['1', 'one was not removed, or not recorded in the audit log'],
      ['4', "it can't be told whether one is gone, or a half of one is out of view"],
      ['6', 'a finalizer holds one; with --dry-run, there is one'],
    ],
  },
  'sluice promote': {
    about:
      'Write the clean, permanent NetworkPolicy for a path that was needed, for review in Git: of grants, of a path, or of the denied attempts of a recording. It is checked first: what opens with it in the cluster as it is without any grant, and what lint says. Nothing is applied.',
    examples: [
      ['Make a grant permanent', 'sluice promote c4mzp2 > db-from-web.yaml'],
      ['Write the policy for a path', 'sluice promote deploy/web sts/db --port 5432/tcp'],
      [
        'Add it to a folder of a repository',
        'sluice promote deploy/cart sts/cache --port 6379 --kustomize policies/',
      ],
      ['Write policies for what a recording shows as denied', 'sluice promote --from-flows flows.jsonl'],
      ['See what exactly would open', "sluice promote deploy/web sts/db --port 5432 -o json | jq '.opens'"],
    ],
    exits: [
      ['0', 'written, or nothing is needed: the path is allowed'],
      ['1', 'failed, or refused: no NetworkPolicy can open the path'],
      ['3', 'a denied attempt has no policy, or a path is still denied with it'],
      ['4', 'a path is undecidable with it'],
    ],
  },
  'sluice audit': {
    about: 'Read, verify and export the log of all intents, grants, extensions, ends and failures.',
    examples: [
      ['Read the log', 'sluice audit log'],
      ['Verify that it is whole', 'sluice audit verify'],
      ['Write a time line of a ticket', 'sluice audit export --ticket INC-4411 -o markdown'],
    ],
  },
  'sluice audit log': {
    about: 'Print the records of the audit log, oldest first.',
    examples: [
      ['Follow one grant from intent to end', 'sluice audit log --grant c4mzp2'],
      ['Print who was granted what, as JSON lines', 'sluice audit log --type granted -o json'],
    ],
  },
  'sluice audit verify': {
    about:
      'Find records that were edited, removed, moved, cut off or written anew. The folder alone shows what was changed without its signing key; --against also shows what was changed with it after the checkpoint was kept. It names intents without an outcome and grants without a recorded end, too.',
    examples: [
      ['Verify the logs of all clusters', 'sluice audit verify'],
      ['Compare with a checkpoint or a public key from elsewhere', 'sluice audit verify --against kept.txt'],
      ['Compare with what stands on grants and events', 'sluice audit verify --against cluster'],
      ['Tell a script how each log is', 'sluice audit verify -o json'],
    ],
    exits: [
      ['0', 'all logs are whole, and match what is kept elsewhere'],
      ['3', 'something was changed, or does not match'],
    ],
  },
  'sluice audit checkpoint': {
    about:
      'Print the newest signed checkpoint of each log: the number of its records and the root of the tree over them. Kept elsewhere, it shows any later change of a record before it.',
    examples: [
      ['Keep the newest checkpoint elsewhere', 'sluice audit checkpoint > kept.txt'],
      ['Prove to a witness that the log only grew since', 'sluice audit checkpoint --since kept.txt'],
    ],
  },
  'sluice audit key': {
    about:
      'Print the public key that checkpoints are signed with; -o json has those before it, too. The secret key lies beside the folder of the log.',
    examples: [
      ['Keep the public key elsewhere', 'sluice audit key > key.txt'],
      ['Change to a new key', 'sluice audit key --rotate'],
    ],
  },
  'sluice audit export': {
    about: 'Print the records of a grant, a ticket or a time, for other programs or a post-mortem.',
    examples: [
      [
        'Write a time line for a post-mortem',
        'sluice audit export --ticket INC-4411 -o markdown > incident.md',
      ],
      ['Print one grant as JSON lines', 'sluice audit export --grant c4mzp2 -o json'],
      ['Send the last day to a SIEM', 'sluice audit export --since 24h -o ocsf'],
    ],
    exits: [
      ['0', 'printed'],
      ['1', 'no record matches'],
    ],
  },
  'sluice manifests': {
    about:
      'Print what an administrator may install: roles of least privilege, admission policies that hold every grant to the rules, whatever client makes it, and a sweeper of leftovers. Nothing here is needed to use sluice, and no cluster is contacted.',
    examples: [
      ['Install the roles', 'sluice manifests rbac | kubectl apply -f -'],
      ['Install the admission policies', 'sluice manifests admission | kubectl apply -f -'],
      ['Install the sweeper', 'sluice manifests sweeper --image example.com/sluice:1 | kubectl apply -f -'],
    ],
  },
  'sluice manifests rbac': {
    about:
      'Print a ClusterRole for each role: viewer sees, hubble sees flows, operator grants, requester asks for approval and approver gives it, probe looks into pods, auditor reads grants, sweeper removes leftovers. Roles add up; docs/access.md has every right and its reason. --bind binds them to groups, with -n in one namespace, and hubble in the namespace of Relay only.',
    examples: [
      ['Install the roles', 'sluice manifests rbac | kubectl apply -f -'],
      [
        'Let the group oncall look and grant in shop',
        'sluice manifests rbac --bind viewer=oncall --bind operator=oncall -n shop | kubectl apply -f -',
      ],
      ['Write them for a repository', 'sluice manifests rbac --kustomize deploy/sluice-rbac'],
    ],
  },
  'sluice manifests admission': {
    about:
      'Print ValidatingAdmissionPolicies (Kubernetes 1.30 or later) with their bindings, so that every lease ends, is no longer than the longest window and says who set it; every grant is narrow, owned by its lease and made by its requester; nothing is granted in protected namespaces. In those of --approvals, a grant is only requested until somebody else approves it. Limits are those of the configuration, unless given.',
    examples: [
      ['Install the policies', 'sluice manifests admission | kubectl apply -f -'],
      [
        'Grant for at most 4 hours, with an incident, and never in kube-system',
        "sluice manifests admission --max-duration 4h --reason-pattern '^INC-[0-9]+' --protect kube-system | kubectl apply -f -",
      ],
      [
        'Let the group oncall make no other Jobs and NetworkPolicies',
        'sluice manifests admission --confine oncall | kubectl apply -f -',
      ],
      [
        'Let nobody open a path to payments alone',
        'sluice manifests admission --approvals payments --approvers leads --break-glass oncall | kubectl apply -f -',
      ],
      ['Write them for a repository', 'sluice manifests admission --kustomize deploy/sluice-admission'],
    ],
  },
  'sluice manifests sweeper': {
    about:
      'Print a Deployment that runs sluice sweep --watch on all namespaces, with its service account, the role sweeper and a namespace of its own, or with -n in one that exists. For clusters where leases may be held back, suspended or orphaned. The image is made from the Dockerfile of sluice. Several replicas do not disturb each other.',
    examples: [
      ['Install the sweeper', 'sluice manifests sweeper --image example.com/sluice:1 | kubectl apply -f -'],
      ['Write it for a repository', 'sluice manifests sweeper --kustomize deploy/sluice-sweeper'],
    ],
  },
  'sluice version': {
    about: 'Print the versions of sluice and Node; no cluster is contacted.',
    examples: [
      ['Print one line', 'sluice version'],
      ['Print the version alone', "sluice version -o json | jq -r '.version'"],
    ],
  },
  'sluice completion': {
    about:
      'Print a script that completes commands, options, their values, contexts, namespaces, workloads and grants. kubectl completes `kubectl sluice` too, if kubectl_complete-sluice, which is installed with sluice, is in PATH.',
    examples: [
      ['bash: in ~/.bashrc', 'eval "$(sluice completion bash)"'],
      ['zsh: in ~/.zshrc, after compinit', 'eval "$(sluice completion zsh)"'],
      ['fish: in ~/.config/fish/config.fish', 'sluice completion fish | source'],
    ],
  },
};
