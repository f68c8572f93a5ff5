"""What a mail or page looks like, computed from its styles: colours, values, selectors, the cascade."""
