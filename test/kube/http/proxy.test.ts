import { expect, test } from 'vitest';
import { proxyFor } from '../../../src/kube/http/proxy.ts';

const server = (url: string) => new URL(url);

test('the proxy of the kubeconfig wins over the environment', () => {
  const proxy = proxyFor(server('https://k8s.example'), new URL('socks5://gate:1080'), {
    HTTPS_PROXY: 'http://other:3128',
  });
  expect(proxy?.url.href).toBe('socks5://gate:1080');
});

test('the environment sets a proxy per server scheme, in upper or lower case, with or without http://', () => {
  expect(proxyFor(server('https://k8s.example'), undefined, { HTTPS_PROXY: 'gate:3128' })?.url.host).toBe(
    'gate:3128',
  );
  expect(proxyFor(server('https://k8s.example'), undefined, { https_proxy: 'http://gate:1' })?.url.host).toBe(
    'gate:1',
  );
  expect(proxyFor(server('https://k8s.example'), undefined, { HTTP_PROXY: 'http://gate' })).toBeUndefined();
  expect(proxyFor(server('http://k8s.example'), undefined, { HTTP_PROXY: 'http://gate' })?.url.host).toBe(
    'gate',
  );
});

test.each([
  ['https://k8s.example', 'k8s.example', true],
  ['https://api.k8s.example', 'k8s.example', true],
  ['https://k8s.example', '.k8s.example', false],
  ['https://api.k8s.example', '.k8s.example', true],
  ['https://notk8s.example', 'k8s.example', false],
  ['https://k8s.example:6443', 'k8s.example:443', false],
  ['https://k8s.example:6443', 'a, k8s.example:6443', true],
  ['https://10.1.2.3', '10.0.0.0/8', true],
  ['https://11.1.2.3', '10.0.0.0/8', false],
  ['https://k8s.example', '*', true],
  ['https://api.k8s.example', '*.k8s.example', true],
  ['https://k8s.example', '*.k8s.example', false],
  ['https://[fd00:77::1]:6443', 'fd00:77::1', true],
  ['https://[fd00:77::1]:6443', 'fd00:77::/64', true],
  ['https://[fd00:78::1]:6443', 'fd00:77::/64', false],
  ['https://[fd00:77::1]:6443', '[fd00:77::1]:6443', true],
  ['https://[fd00:77::1]:6443', '[fd00:77::1]:443', false],
  ['https://10.1.2.3', '10.1.2.3:443', true],
  ['https://10.1.2.3', '.2.3', false],
])('%s with NO_PROXY=%s goes direct: %s', (url, rule, direct) => {
  const proxy = proxyFor(server(url), undefined, { HTTPS_PROXY: 'http://gate', NO_PROXY: rule });
  expect(proxy === undefined).toBe(direct);
});

test('loopback never needs a proxy', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])
    expect(
      proxyFor(server(`https://${host}:6443`), undefined, { HTTPS_PROXY: 'http://gate' }),
    ).toBeUndefined();
});
