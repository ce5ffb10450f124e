namespace Larder.Inference.Images.Tests;

/// <summary>Tests that look at what the whole process shares: its memory, libvips' error buffer.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
