"""Rich documents: the editor's JSON, checked, and the HTML that is made of it.

The source of a rich mail is a ProseMirror document. Nothing is stored or sent of one that has a
node, mark or attribute that this package does not know.
"""
