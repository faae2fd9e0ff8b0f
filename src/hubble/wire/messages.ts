/**
 * Messages of the Observer API as plain objects: enums by name, 64-bit integers as decimal text, absent fields absent.
 * A number instead of an enum's name is a value that our `.proto` does not know (HUB-1). Writers may also pass 64-bit
 * integers as numbers.
 */
export type Int64 = string | number;

export type Timestamp = { seconds?: Int64; nanos?: number };

export type Verdict =
  | 'VERDICT_UNKNOWN'
  | 'FORWARDED'
  | 'DROPPED'
  | 'ERROR'
  | 'AUDIT'
  | 'REDIRECTED'
  | 'TRACED'
  | 'TRANSLATED';

export type NodeState =
  | 'UNKNOWN_NODE_STATE'
  | 'NODE_CONNECTED'
  | 'NODE_UNAVAILABLE'
  | 'NODE_GONE'
  | 'NODE_ERROR';

export type WireEndpoint = {
  ID?: number;
  identity?: number;
  namespace?: string;
  labels?: string[];
  pod_name?: string;
  workloads?: { name?: string; kind?: string }[];
  cluster_name?: string;
};

export type TcpFlags = {
  FIN?: boolean;
  SYN?: boolean;
  RST?: boolean;
  PSH?: boolean;
  ACK?: boolean;
  URG?: boolean;
  ECE?: boolean;
  CWR?: boolean;
  NS?: boolean;
};

export type Layer4 = {
  TCP?: { source_port?: number; destination_port?: number; flags?: TcpFlags };
  UDP?: { source_port?: number; destination_port?: number };
  ICMPv4?: { type?: number; code?: number };
  ICMPv6?: { type?: number; code?: number };
  SCTP?: { source_port?: number; destination_port?: number; chunk_type?: string | number };
  VRRP?: { type?: number; vrid?: number; priority?: number };
  IGMP?: { type?: number; group_address?: string };
  /** Name of the member that is set; on read only. */
  protocol?: 'TCP' | 'UDP' | 'ICMPv4' | 'ICMPv6' | 'SCTP' | 'VRRP' | 'IGMP';
};

export type Layer7 = {
  type?: 'UNKNOWN_L7_TYPE' | 'REQUEST' | 'RESPONSE' | 'SAMPLE' | number;
  latency_ns?: Int64;
  dns?: {
    query?: string;
    ips?: string[];
    ttl?: number;
    cnames?: string[];
    observation_source?: string;
    rcode?: number;
    qtypes?: string[];
    rrtypes?: string[];
  };
  http?: {
    code?: number;
    method?: string;
    url?: string;
    protocol?: string;
    headers?: { key?: string; value?: string }[];
  };
  /** Name of the member that is set; on read only. */
  record?: 'dns' | 'http';
};

export type WirePolicy = {
  name?: string;
  namespace?: string;
  labels?: string[];
  revision?: Int64;
  kind?: string;
};

export type WireFlow = {
  time?: Timestamp;
  verdict?: Verdict | number;
  drop_reason?: number;
  ethernet?: { source?: string; destination?: string };
  IP?: {
    source?: string;
    destination?: string;
    ipVersion?: 'IP_NOT_USED' | 'IPv4' | 'IPv6' | number;
    encrypted?: boolean;
    source_xlated?: string;
  };
  l4?: Layer4;
  source?: WireEndpoint;
  destination?: WireEndpoint;
  Type?: 'UNKNOWN_TYPE' | 'L3_L4' | 'L7' | 'SOCK' | number;
  node_name?: string;
  source_names?: string[];
  destination_names?: string[];
  l7?: Layer7;
  event_type?: { type?: number; sub_type?: number };
  source_service?: { name?: string; namespace?: string };
  destination_service?: { name?: string; namespace?: string };
  traffic_direction?: 'TRAFFIC_DIRECTION_UNKNOWN' | 'INGRESS' | 'EGRESS' | number;
  policy_match_type?: number;
  trace_observation_point?: string | number;
  drop_reason_desc?: string | number;
  is_reply?: { value?: boolean };
  interface?: { index?: number; name?: string };
  proxy_port?: number;
  sock_xlate_point?: string | number;
  socket_cookie?: Int64;
  cgroup_id?: Int64;
  uuid?: string;
  auth_type?: string | number;
  trace_reason?: string | number;
  node_labels?: string[];
  file?: { name?: string; line?: number };
  emitter?: { name?: string; version?: string };
  egress_allowed_by?: WirePolicy[];
  ingress_allowed_by?: WirePolicy[];
  egress_denied_by?: WirePolicy[];
  ingress_denied_by?: WirePolicy[];
  policy_log?: string[];
  Summary?: string;
};

export type WireLostEvents = {
  source?:
    | 'UNKNOWN_LOST_EVENT_SOURCE'
    | 'PERF_EVENT_RING_BUFFER'
    | 'OBSERVER_EVENTS_QUEUE'
    | 'HUBBLE_RING_BUFFER'
    | number;
  num_events_lost?: Int64;
  cpu?: { value?: number };
  first?: Timestamp;
  last?: Timestamp;
};

export type WireNodeStatus = {
  state_change?: NodeState | number;
  node_names?: string[];
  message?: string;
};

export type GetFlowsResponse = {
  flow?: WireFlow;
  node_status?: WireNodeStatus;
  lost_events?: WireLostEvents;
  node_name?: string;
  time?: Timestamp;
  /** Name of the member that is set; on read only. */
  response_types?: 'flow' | 'node_status' | 'lost_events';
};

/** All fields must match; any value of a field is enough (HUB-2). */
export type FlowFilter = {
  source_ip?: string[];
  source_pod?: string[];
  destination_ip?: string[];
  destination_pod?: string[];
  verdict?: (Verdict | number)[];
  event_type?: { type?: number; match_sub_type?: boolean; sub_type?: number }[];
  source_fqdn?: string[];
  destination_fqdn?: string[];
  http_status_code?: string[];
  source_label?: string[];
  destination_label?: string[];
  protocol?: string[];
  source_port?: string[];
  destination_port?: string[];
  reply?: boolean[];
  source_service?: string[];
  destination_service?: string[];
  dns_query?: string[];
  source_identity?: number[];
  destination_identity?: number[];
  http_method?: string[];
  http_path?: string[];
  tcp_flags?: TcpFlags[];
  node_name?: string[];
  ip_version?: ('IP_NOT_USED' | 'IPv4' | 'IPv6' | number)[];
  source_workload?: { name?: string; kind?: string }[];
  destination_workload?: { name?: string; kind?: string }[];
  uuid?: string[];
  traffic_direction?: ('TRAFFIC_DIRECTION_UNKNOWN' | 'INGRESS' | 'EGRESS' | number)[];
  drop_reason_desc?: (string | number)[];
};

export type GetFlowsRequest = {
  number?: Int64;
  follow?: boolean;
  blacklist?: FlowFilter[];
  whitelist?: FlowFilter[];
  since?: Timestamp;
  until?: Timestamp;
  first?: boolean;
  field_mask?: { paths?: string[] };
};

export type Nothing = Record<never, never>;

export type ServerStatusResponse = {
  num_flows?: Int64;
  max_flows?: Int64;
  seen_flows?: Int64;
  uptime_ns?: Int64;
  num_connected_nodes?: { value?: number };
  num_unavailable_nodes?: { value?: number };
  unavailable_nodes?: string[];
  version?: string;
  flows_rate?: number;
};

export type WireNode = {
  name?: string;
  version?: string;
  address?: string;
  state?: NodeState | number;
  tls?: { enabled?: boolean; server_name?: string };
  uptime_ns?: Int64;
  num_flows?: Int64;
  max_flows?: Int64;
  seen_flows?: Int64;
};

export type GetNodesResponse = { nodes?: WireNode[] };

export type GetNamespacesResponse = { namespaces?: { cluster?: string; namespace?: string }[] };
