"""What a page asks of its reader's machine beside Docker: checks that read the page and run nothing."""
