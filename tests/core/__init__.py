"""Tests of the web core: routing, requests, responses, templates, settings, apps and the application."""
