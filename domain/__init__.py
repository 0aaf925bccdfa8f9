"""What is true: frozen values, decisions and refusals. Standard library only; time and chance are arguments."""
