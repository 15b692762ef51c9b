import { describe, expect, it } from 'vitest'
import { isPublic } from './public-address.ts'

/** The first, the last and some other address of each range; `OUTSIDE` has their neighbors. */
const INSIDE = {
  'this network': '0.0.0.0 0.0.0.1 0.1.2.3 0.255.255.255',
  'private 10/8': '10.0.0.0 10.0.0.1 10.96.0.1 10.255.255.255',
  'provider 100.64/10': '100.64.0.0 100.100.100.200 100.127.255.255',
  loopback: '127.0.0.0 127.0.0.1 127.0.1.1 127.1.2.3 127.255.255.255',
  'link-local': '169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255',
  'private 172.16/12': '172.16.0.0 172.17.0.1 172.20.10.1 172.31.255.255',
  'IETF 192.0.0/24': '192.0.0.0 192.0.0.8 192.0.0.170 192.0.0.192 192.0.0.255',
  documentation: '192.0.2.0 192.0.2.1 198.51.100.7 198.51.100.255 203.0.113.0 203.0.113.255',
  '6to4 relays': '192.88.99.0 192.88.99.1 192.88.99.255',
  'private 192.168/16': '192.168.0.0 192.168.0.1 192.168.1.254 192.168.255.255',
  benchmarks: '198.18.0.0 198.18.0.1 198.19.255.255',
  multicast: '224.0.0.0 224.0.0.1 239.255.255.250 239.255.255.255',
  reserved: '240.0.0.0 250.1.2.3 255.255.255.254',
  broadcast: '255.255.255.255',
  'IPv6 unspecified and loopback': ':: ::1 0:0:0:0:0:0:0:0 0:0:0:0:0:0:0:1 ::2',
  'mapped IPv4':
    '::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::FFFF:192.168.0.1 ::ffff:8.8.8.8 0:0:0:0:0:ffff:7f00:1',
  'IPv4-compatible': '::127.0.0.1 ::7f00:1 ::10.0.0.1 ::8.8.8.8 ::ffff:0:127.0.0.1',
  'translated IPv4':
    '64:ff9b::7f00:1 64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::808:808 64:ff9b:1::1 64:ff9b:1:ffff::a00:1',
  '6to4': '2002:: 2002:7f00:1:: 2002:a00:1::1 2002:a9fe:a9fe::1 2002:808:808::1 2002:ffff:ffff::',
  Teredo: '2001:: 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:0:ffff::',
  'IETF protocols': '2001:1::1 2001:2::1 2001:10::1 2001:20::1 2001:1ff:ffff::',
  'IPv6 documentation': '2001:db8:: 2001:db8::1 2001:db8:ffff:ffff:: 3fff:: 3fff:fff::1',
  'unique local': 'fc00:: fc00::1 fd00::1 fd12:3456:789a::1 fdff:ffff::1 fd00:ec2::254',
  'IPv6 link-local': 'fe80:: fe80::1 fe80::a9fe:a9fe febf:ffff::1 fe80::1%eth0 fe80::1%25lo',
  'site-local': 'fec0:: fec0::1 feff::1',
  'IPv6 multicast': 'ff00:: ff02::1 ff02::fb ff05::1:3 ff0e::1 ffff::1',
  'discard-only and unassigned': '100:: 100::1 1::1 400::1 1000::1 1fff::1 4000::1 5f00::1 8000::1',
} as const

const OUTSIDE = {
  'next to a special range':
    '1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255',
  'IPv4 of the internet': '1.1.1.1 8.8.8.8 93.184.216.34 140.82.121.4',
  'IPv6 of the internet':
    '2000::1 2001:200::1 2001:4860:4860::8888 2001:db7::1 2001:db9::1 2003::1 2606:4700:4700::1111 2620:fe::fe 2a00:1450:4001::1 3ffe::1 3fff:1000::1',
} as const

/** Not valid addresses, although some resolvers accept them. */
const NONSENSE =
  '0x7f.1 0177.0.0.1 2130706433 127.1 127.0.0.01 0x7f000001 1.2.3 1.2.3.4.5 256.1.1.1 localhost [::1] ::1%lo 1.1.1.1/32 8.8.8.8: :::1 g::1'

const cases = (table: Readonly<Record<string, string>>) =>
  Object.entries(table).flatMap(([what, addresses]) =>
    addresses.split(' ').map((address) => ({ what, address })),
  )

describe('an address', () => {
  it.each(cases(INSIDE))('$address is not public: $what', ({ address }) => {
    expect(isPublic(address)).toBe(false)
  })

  it.each(cases(OUTSIDE))('$address is public: $what', ({ address }) => {
    expect(isPublic(address)).toBe(true)
  })

  it.each(['', ' ', ...NONSENSE.split(' ')])(
    '%j is not an address, so it is not public',
    (text) => {
      expect(isPublic(text)).toBe(false)
    },
  )
})
