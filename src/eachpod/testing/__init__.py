"""What tests of Eachpod and of its users need: a cluster in memory, a fake runtime, a virtual clock."""
