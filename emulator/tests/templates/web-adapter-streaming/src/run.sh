#!/bin/sh
exec python countdown.py
