namespace Larder.Functions.Tests.Training;

/// <summary>A Larder that has room for one training at a time, with little disk and a short log.</summary>
public sealed class NarrowFixture() : TrainingFixture(
    ("Jobs:Process:MaxConcurrent", "1"), ("Jobs:Process:DiskBytes", "60000000"), ("Limits:Job:LogBytes", "200000"));

/// <summary>The tests that share <see cref="NarrowFixture"/>.</summary>
[CollectionDefinition(nameof(SharedNarrow))]
public sealed class SharedNarrow : ICollectionFixture<NarrowFixture>;
