#!/usr/bin/env python3
"""Writes history.sqlite with the tables of libdnf that package rpmdb reads."""
import os
import sqlite3

name = os.path.join(os.path.dirname(__file__), "history.sqlite")
if os.path.exists(name):
    os.remove(name)
db = sqlite3.connect(name)
db.execute("PRAGMA page_size = 512")
db.executescript("""
CREATE TABLE repo (id INTEGER PRIMARY KEY, repoid TEXT NOT NULL);
CREATE TABLE item (id INTEGER PRIMARY KEY, item_type INTEGER NOT NULL);
CREATE TABLE trans_item (id INTEGER PRIMARY KEY AUTOINCREMENT, trans_id INTEGER, item_id INTEGER, repo_id INTEGER,
    action INTEGER NOT NULL, reason INTEGER NOT NULL, state INTEGER NOT NULL);
CREATE TABLE rpm (item_id INTEGER UNIQUE NOT NULL, name TEXT NOT NULL, epoch INTEGER NOT NULL, version TEXT NOT NULL,
    release TEXT NOT NULL, arch TEXT NOT NULL);
INSERT INTO repo VALUES (1, 'rhel-9-for-x86_64-baseos-rpms'), (2, 'rhel-9-for-x86_64-baseos-eus-rpms'),
    (3, 'rhocp-4.12-for-rhel-9-x86_64-rpms');
INSERT INTO rpm VALUES (10, 'bash', 0, '5.1.8', '6.el9', 'x86_64'), (11, 'openssl-libs', 1, '3.0.1', '43.el9_0', 'x86_64'),
    (12, 'openssl-libs', 1, '3.0.1', '47.el9_0', 'x86_64'), (13, 'cri-o', 0, '1.25.3', '4.rhaos4.12.el9', 'x86_64'),
    (14, 'failed', 0, '1', '1', 'x86_64'), (15, 'removed', 0, '1', '1', 'x86_64');
INSERT INTO trans_item (trans_id, item_id, repo_id, action, reason, state) VALUES
    (1, 10, 1, 1, 2, 1), (1, 11, 1, 1, 2, 1), (2, 12, 1, 6, 2, 1), (2, 11, 1, 7, 2, 1), (3, 12, 2, 9, 2, 1), (3, 12, 1, 10, 2, 1),
    (4, 13, 3, 1, 2, 1), (5, 14, 1, 1, 2, 2), (6, 15, 1, 8, 2, 1);
""")
db.commit()
db.close()
