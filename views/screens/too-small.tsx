import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { type Size, SMALLEST } from '../layout/layout.ts';

/** What a terminal without room for a table shows: the size that is needed, wrapped to what there is. */
export function TooSmall({ size }: { size: Size }): ReactNode {
  return (
    <Box width={size.columns} height={size.rows} overflow="hidden">
      <Text wrap="wrap">
        {`sluice needs ${SMALLEST.columns}×${SMALLEST.rows}, this terminal has ${size.columns}×${size.rows}.`}
      </Text>
    </Box>
  );
}
