import type { MethodDefinition, sendUnaryData } from '@grpc/grpc-js';

/** The bytes of `HealthCheckResponse { status: SERVING }`. */
const SERVING = Buffer.from([0x08, 0x01]);

const NOTHING: MethodDefinition<Buffer, Buffer>['requestSerialize'] = (bytes) => bytes;

/** `grpc.health.v1.Health/Check`, which `hubble status` asks first; its messages stay bytes. */
export const HEALTH_SERVICE: { readonly Check: MethodDefinition<Buffer, Buffer> } = {
  Check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: NOTHING,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: NOTHING,
    responseDeserialize: (bytes) => bytes,
  },
};

/** Answers every question with SERVING. */
export const HEALTH_HANDLERS = {
  Check: (_call: unknown, done: sendUnaryData<Buffer>): void => done(null, SERVING),
};
