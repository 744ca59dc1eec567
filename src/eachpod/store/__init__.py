"""Where objects are kept. The contract is one page; the implementations are interchangeable."""
