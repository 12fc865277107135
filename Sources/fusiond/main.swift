print("fusiond")
