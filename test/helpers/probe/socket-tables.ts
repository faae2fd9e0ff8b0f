/** Rows as the kernel of a real node (6.18, amd64) printed them for pods of the test cluster. */
export const TCP_HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     ';
export const TCP6_HEADER =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
export const UDP_HEADER =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            ';

/** web (10.244.0.5:45350) to the service db (10.96.225.211:5432), dropped: 230 ms, 750 ms and 1.24 s after its SYN. */
export const SYN_230 =
  '   5: 0500F40A:B126 D3E1600A:1538 02 00000001:00000000 01:0000004D 00000000     0        0 85426 2 0000000032d997c1 100 0 0 10 -1                    ';
export const SYN_750 =
  '   5: 0500F40A:B126 D3E1600A:1538 02 00000001:00000000 01:00000019 00000000     0        0 85426 2 0000000032d997c1 100 0 0 10 -1                    ';
export const SYN_AGAIN =
  '   5: 0500F40A:B126 D3E1600A:1538 02 00000001:00000000 01:0000004C 00000001     0        0 85426 2 0000000032d997c1 100 0 0 1 -1                     ';
export const SYN_THIRD =
  '   5: 0500F40A:B126 D3E1600A:1538 02 00000001:00000000 01:0000002B 00000002     0        0 85426 2 0000000032d997c1 100 0 0 1 -1                     ';

/** The next attempt on the same path, from another port. */
export const SYN_NEXT =
  '   5: 0500F40A:E90E D3E1600A:1538 02 00000001:00000000 01:00000024 00000000     0        0 85573 2 00000000fb0aa0f7 100 0 0 10 -1                    ';

/** web (10.244.0.5:54708) to the service api (10.96.187.254:80): closed by web 52.98 s ago, kept for 7.02 s more. */
export const CLOSED =
  '   0: 0500F40A:D5B4 FEBB600A:0050 06 00000000:00000000 03:000002BE 00000000     0        0 0 3 00000000af025c46                                      ';
/** The same while it was open. */
export const OPEN =
  '   0: 0500F40A:D5B4 FEBB600A:0050 01 00000000:00000000 00:00000000 00000000     0        0 85001 1 00000000af025c46 20 4 30 10 -1';

/** Something listens on port 8080 of every address. */
export const LISTEN_8080 =
  '   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 52058 1 0000000040365078 100 0 0 10 0';
/** prometheus (10.244.0.4:41214) connected to port 8080 of 10.244.0.5, IPv4-mapped. */
export const ACCEPTED_8080 =
  '   1: 0000000000000000FFFF00000500F40A:1F90 0000000000000000FFFF00000400F40A:A0FE 01 00000000:00000000 00:00000000 00000000     0        0 90110 1 0000000011111111 20 0 0 10 -1';

/** A UDP socket tied to the cluster DNS (10.96.0.10:53). */
export const DATAGRAM =
  '  118: 0500F40A:C5F1 0A00600A:0035 01 00000000:00000000 00:00000000 00000000     0        0 91001 2 0000000022222222 0         ';

/** One look, as the loop in the container prints it. */
export function look(uptime: number, tables: { tcp?: string[]; tcp6?: string[]; udp?: string[] }): string {
  const { tcp = [], tcp6 = [], udp = [] } = tables;
  const lines = [`${uptime.toFixed(2)} 837.35`, TCP_HEADER, ...tcp, TCP6_HEADER, ...tcp6, UDP_HEADER, ...udp];
  return `${lines.join('\n')}\n`;
}
