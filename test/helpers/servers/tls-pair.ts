/** A self-signed certificate for 127.0.0.1 and localhost, valid until 2120, and its key: for loopback in tests only. */
export const TEST_CERT = `
-----BEGIN CERTIFICATE-----
MIIBazCCARGgAwIBAgIBATAKBggqhkjOPQQDAjAWMRQwEgYDVQQDDAtzbHVpY2Ut
dGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFjEUMBIGA1UE
AwwLc2x1aWNlLXRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATvFAq+1mtf
oyRsFaizmG2Z+DCFIjObOewByupOynBurpXEFkYLe8tIPc/khnqyw7wPW8t0Q8pT
szZ+sT8DAsdUo04wTDAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGHBH8AAAGC
CWxvY2FsaG9zdDAdBgNVHQ4EFgQUx6BGWilo51ItT0dXQ3uDVUJiyxYwCgYIKoZI
zj0EAwIDSAAwRQIgU/mPLOyMtdl0oUh7Xpu1n+KUK9eXyvfnxTzP6zexlFICIQCx
aAvtugtfRIjQyo4sggI853gk3q0p1v2/owni9vxekw==
-----END CERTIFICATE-----
`.trimStart();

export const TEST_KEY = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgA8Up/xQ0+kHswGPL
cO1turoE4l5p6qzj2U06Baif/gWhRANCAATvFAq+1mtfoyRsFaizmG2Z+DCFIjOb
OewByupOynBurpXEFkYLe8tIPc/khnqyw7wPW8t0Q8pTszZ+sT8DAsdU
-----END PRIVATE KEY-----
`.trimStart();

/** The certificate as the CA of a cluster, a YAML flow field. */
export const TEST_CA = `certificate-authority-data: ${Buffer.from(TEST_CERT).toString('base64')}`;
