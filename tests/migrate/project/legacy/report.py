print(f"{title}: {', '.join(str(row) for row in rows)}")
