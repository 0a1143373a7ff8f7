// Package distill coarse-grains data sets, level by level, into a few reference
// images, and classifies images by the similarity of their embeddings to the
// references' (arXiv 2211.01779).
//
// Level 0 is the training images. At each level the images of a class are
// gathered into groups that are near in the space of embeddings, and each group
// becomes one new image, found by optimising its pixels so that its embedding
// represents the group's. The new images are the next level's data. The tree is
// kept: every reference knows which training images it stands for.
//
// An embedding is what a TaylorNet's classifier reads: the values after one of
// its operations. Similarity is the cosine of two embeddings, and only their
// direction is used, unless Euclidean distance is asked for.
package distill
