import type { ReactNode } from 'react';
import type { SessionState } from '../../src/session/state.ts';
import type { Size } from '../layout/layout.ts';

export function ChartsOverlay(_: { state: SessionState; size: Size }): ReactNode {
  return null;
}
