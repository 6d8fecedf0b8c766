"""The site: blocks, diagrams and recorded data as HTML. It reads pages and runs nothing."""
