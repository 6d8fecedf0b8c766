#!/bin/sh
# Serve a registry, with the configuration that the image's command names.
exec registry serve "$@"
