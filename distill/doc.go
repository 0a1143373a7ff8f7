// Package distill coarse-grains data sets, level by level, into a few reference
// images. It classifies images by comparing their embeddings with the references'
// (arXiv 2211.01779).
//
// Level 0 consists of the training images. At each level the images of a class form
// groups that are close in the space of embeddings. Each group becomes one new image:
// its pixels are optimised until its embedding represents the group. The new images
// are the data of the next level. The tree is kept, so that every reference knows
// which training images it stands for.
//
// An embedding is what the classifier of a TaylorNet reads: the values after one of
// its operations. The similarity of two embeddings is their cosine, so only their
// directions matter; the Euclidean distance is the alternative.
//
// Run distils, NewClassifier classifies by the references, and Assess compares them
// with baselines.
package distill
