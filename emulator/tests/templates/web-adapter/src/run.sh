#!/bin/sh
exec python site_server.py
