"""What an Airbyte connector has beside its code: metadata, a page with its changelog, acceptance tests."""
