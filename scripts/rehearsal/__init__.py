"""A release rehearsed on one machine: a real index on loopback, a proxy before it that goes wrong on purpose, installations."""
