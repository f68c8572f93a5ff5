"""The family `content`: words, days and links that readers cannot do anything with."""
