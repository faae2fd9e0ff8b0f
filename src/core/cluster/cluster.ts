export {
  type DecodeFault,
  decode,
  type FieldError,
  fieldErrors,
  fieldErrorText,
  META_STRUCTS,
  type Structs,
} from './decode.ts';
export {
  addressCount,
  canonicalIp,
  covers,
  EVERY_ADDRESS,
  formatIp,
  hostCidr,
  type Ip,
  type IpRange,
  inRange,
  isInCidr,
  parseCidr,
  parseIp,
  rangeOfAddress,
} from './ip.ts';
export { parseLabelQuery } from './label-query.ts';
export {
  formatSelector,
  holds,
  type Labels,
  matches,
  type Requirement,
  type Selector,
  selectorOf,
} from './labels.ts';
export { mapCidrGroup, mapEndpointSlice, mapNamespace, mapNode, mapService, NAME_LABEL } from './map.ts';
export { mapPod } from './map-pod.ts';
export {
  type ApiMetadata,
  type ApiObject,
  type CidrGroup,
  type EndpointSlice,
  type EndRef,
  isLive,
  keyOf,
  type Namespace,
  type Node,
  type OwnerReference,
  type Pod,
  type PortSpec,
  PROTOCOLS,
  type Protocol,
  protocolNamed,
  refKey,
  type Service,
  type ServicePort,
  type Workload,
  type WorkloadRef,
} from './objects.ts';
export { podStatus } from './pod-status.ts';
export { podTemplatesOf } from './pod-templates.ts';
export { parseSelector, safeLabels } from './selector.ts';
export { scaledBy, standInsOf } from './stand-ins.ts';
export { metadataFaults, selectorFaults } from './validate-metadata.ts';
export {
  labelNameFaults,
  labelsFaults,
  labelValueFaults,
  portNameFaults,
  qualifiedNameFaults,
} from './validate-names.ts';
export { workloadResource } from './workload-kinds.ts';
/*
 * Pods, namespaces, services, labels, selectors, and addresses: reads API objects and validates them as the server
 * does.
 */
