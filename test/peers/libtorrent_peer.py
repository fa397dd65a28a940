#!/usr/bin/python3
"""A libtorrent peer that a test drives (Debian's python3-libtorrent).

libtorrent_peer.py seed|leech --torrent FILE [--magnet URI] --dir DIR [--listen HOST:PORT] [--peer HOST:PORT]...
                   [--upload-limit BYTES_A_SECOND] [--every MS] [--utp] [--waits] [--unchecked] [--calls] [--lsd]
                   [--suggestions] [--encryption off|prefer|require] [--dht [--dht-node HOST:PORT]...] [--sessions N]

Prints JSON lines: {"event": "up", "port"}, then {"event": "status", ...} every --every ms, and once
{"event": "done", "seconds", "cpu", "rss"} when everything is there. Reads commands from stdin, one a line:
"limit N" (bytes a second, 0 none), "peer HOST:PORT", "quit". Ends when stdin does, so that it never outlives its test.
With --sessions there are N of them, on as many ports from the one of --listen on; what is told and asked is the first's.
"""
import argparse
import json
import os
import resource
import select
import sys
import time

import libtorrent as lt


def say(**line):
    print(json.dumps(line), flush=True)


def address(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["seed", "leech"])
    parser.add_argument("--torrent")
    parser.add_argument("--magnet")
    parser.add_argument("--dir", required=True)
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--peer", action="append", default=[])
    parser.add_argument("--upload-limit", type=int, default=0)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--utp", action="store_true")
    parser.add_argument("--waits", action="store_true", help="dials nobody")
    parser.add_argument("--calls", action="store_true", help="lets nobody in")
    parser.add_argument("--lsd", action="store_true")
    parser.add_argument("--unchecked", action="store_true", help="gives what is in its files, right or wrong")
    parser.add_argument("--suggestions", action="store_true", help="counts the pieces that it is suggested")
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--dht", action="store_true")
    parser.add_argument("--dht-node", action="append", default=[])
    parser.add_argument("--encryption", choices=["off", "prefer", "require"], default="off")
    return parser.parse_args()


def open_session(args, listen):
    utp, dht = args.utp, args.dht
    policy = {"off": 2, "prefer": 1, "require": 0}[args.encryption]
    return lt.session({
        "listen_interfaces": listen,
        "enable_dht": dht, "dht_bootstrap_nodes": "", "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False,
        "dht_ignore_dark_internet": False, "dht_enforce_node_id": False, "dht_prefer_verified_node_ids": False,
        "enable_lsd": args.lsd, "enable_upnp": False, "enable_natpmp": False,
        "enable_outgoing_utp": utp, "enable_incoming_utp": utp,
        "enable_outgoing_tcp": not utp and not args.waits, "enable_incoming_tcp": not utp and not args.calls,
        "in_enc_policy": policy, "out_enc_policy": policy, "allowed_enc_level": 2 if args.encryption == "require" else 3,
        "allow_multiple_connections_per_ip": True, "connections_limit": 1000, "unchoke_slots_limit": -1, "alert_mask": lt.alert.category_t.peer_log_notification if args.suggestions else 0,
        "max_out_request_queue": 1500, "max_allowed_in_request_queue": 2000,
        # The low mark is what a seed reads ahead before it has measured a peer's rate, which it does once a second: too
        # little, and every download begins with up to a second that says nothing about the leecher.
        "send_buffer_watermark": 3 << 20, "send_buffer_low_watermark": 1 << 20, "send_buffer_watermark_factor": 150,
        "disable_hash_checks": args.unchecked,
        # Many peers at once, not thirty a second: a leecher's time includes its connecting.
        "connection_speed": 500,
        "min_reconnect_time": 1, "ssrf_mitigation": False,
    })


def encryption(handle):
    """How a connection is enciphered: none, handshake or full; empty where there is none."""
    for peer in handle.get_peer_info():
        if peer.flags & lt.peer_info.handshake or peer.flags & lt.peer_info.connecting:
            continue
        if peer.flags & lt.peer_info.rc4_encrypted:
            return "full"
        return "handshake" if peer.flags & lt.peer_info.plaintext_encrypted else "none"
    return ""


def add(session, args):
    params = lt.parse_magnet_uri(args.magnet) if args.magnet else lt.add_torrent_params()
    if args.torrent:
        params.ti = lt.torrent_info(args.torrent)
    params.save_path = args.dir
    params.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
    if args.role == "seed":
        params.flags |= lt.torrent_flags.seed_mode
    return session.add_torrent(params)


def main():
    args = options()
    session = open_session(args, args.listen)
    handle = add(session, args)
    host, port = args.listen.rsplit(":", 1)
    others = [open_session(args, f"{host}:{int(port) + i}") for i in range(1, args.sessions)]
    for other in others:
        add(other, args)
    if args.upload_limit:
        handle.set_upload_limit(args.upload_limit)
    while any(each.listen_port() == 0 for each in [session, *others]):
        time.sleep(0.01)
    say(event="up", port=session.listen_port(), version=lt.version)
    started, done, pending = time.monotonic(), args.role == "seed", b""
    for peer in args.peer:
        handle.connect_peer(address(peer))
    for node in args.dht_node:
        session.add_dht_node(address(node))
    next_status, next_announce, seen, suggested = started, started, "", 0
    while True:
        # A leecher looks often: its time is measured.
        ready, _, _ = select.select([sys.stdin], [], [], 0.005 if not done else 0.05)
        if ready:
            data = os.read(sys.stdin.fileno(), 65536)
            if not data:
                return
            pending += data
            *lines, pending = pending.split(b"\n")
            for line in lines:
                command, _, value = line.decode().strip().partition(" ")
                if command == "limit":
                    handle.set_upload_limit(int(value))
                elif command == "peer":
                    handle.connect_peer(address(value))
                elif command == "quit":
                    return
        now = time.monotonic()
        seen = encryption(handle) or seen
        if not done and handle.status().is_seeding:
            done, use = True, resource.getrusage(resource.RUSAGE_SELF)
            say(event="done", encryption=seen, seconds=now - started, cpu=use.ru_utime + use.ru_stime, rss=use.ru_maxrss * 1024)
        if args.suggestions:
            suggested += sum("SUGGEST" in alert.message() for alert in session.pop_alerts())
        if args.dht and now >= next_announce:
            # Its own first try may come before it knows a node, and its next one a quarter of an hour later.
            next_announce = now + 3
            handle.force_dht_announce()
        if now >= next_status:
            next_status = now + args.every / 1000
            status = handle.status()
            say(event="status", progress=status.progress, uploaded=status.total_payload_upload,
                downloaded=status.total_payload_download, peers=status.num_peers,
                suggested=suggested, error=status.errc.message() if status.errc.value() else "")


main()
