"""Perennial on one machine: stores, gateway simulator and the five services, as processes of their own.

deploy/run starts it for a person, the end-to-end tests start it for themselves.
"""
