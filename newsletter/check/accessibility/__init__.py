"""The family `accessibility`: structure, contrast, legibility of the final HTML."""
