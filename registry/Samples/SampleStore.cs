using Larder.Inference.Limits;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;

namespace Larder.Registry.Samples;

/// <summary>Keeps the samples of versions as artifacts.</summary>
public sealed class SampleStore(IArtifactStore artifacts, StagingArea staging, SampleLimits limits)
{
    /// <summary>Checks and stores samples, before a version names them.</summary>
    /// <param name="inputs">The bodies of predictions.</param>
    /// <param name="outputs">Their answers.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The files that the version is to have.</returns>
    /// <exception cref="InvalidRequestException">They cannot be used: a sentence.</exception>
    /// <exception cref="TooLargeException">They are too many, or too large.</exception>
    public Task<IReadOnlyList<VersionFile>> StoreAsync(BinaryData inputs, BinaryData outputs, CancellationToken cancellationToken) =>
        StoreAsync(GoldenSamples.Read(inputs, outputs, limits), cancellationToken);

    /// <inheritdoc cref="StoreAsync(BinaryData, BinaryData, CancellationToken)"/>
    /// <param name="samples">The samples.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<IReadOnlyList<VersionFile>> StoreAsync(IReadOnlyList<GoldenSample> samples, CancellationToken cancellationToken)
    {
        var (inputs, outputs) = GoldenSamples.Write(samples);
        // Read again, so that what was added to is within the limits too.
        GoldenSamples.Read(inputs, outputs, limits);
        return [await StoreAsync(VersionFile.SampleInputs, inputs, cancellationToken), await StoreAsync(VersionFile.SampleOutputs, outputs, cancellationToken)];
    }

    /// <summary>Checks and stores inputs to try a model with, of which no outputs are expected.</summary>
    /// <param name="inputs">The body of a prediction, or a list of bodies.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">They are not JSON, or no objects.</exception>
    /// <exception cref="TooLargeException">They are too many, or too large.</exception>
    public Task<VersionFile> StoreInputsAsync(BinaryData inputs, CancellationToken cancellationToken)
    {
        GoldenSamples.Objects(inputs, VersionFile.SampleInputs, limits);
        return StoreAsync(VersionFile.SampleInputs, inputs, cancellationToken);
    }

    /// <summary>The samples of a version; none where it has inputs alone, or nothing.</summary>
    /// <param name="files">The version's files.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<IReadOnlyList<GoldenSample>> ReadAsync(IReadOnlyList<VersionFile> files, CancellationToken cancellationToken)
    {
        if (!VersionFile.HaveSamples(files))
            return [];
        return GoldenSamples.Read(await ReadAsync(files, VersionFile.SampleInputs, cancellationToken), await ReadAsync(files, VersionFile.SampleOutputs, cancellationToken), limits);
    }

    private async Task<VersionFile> StoreAsync(string name, BinaryData content, CancellationToken cancellationToken)
    {
        await using var staged = await staging.AddAsync(content.ToStream(), name, limits.Bytes, null, cancellationToken);
        await artifacts.PutAsync(staged.Path, staged.Sha256, cancellationToken);
        return new VersionFile(name, staged.Sha256, staged.SizeBytes);
    }

    private async Task<BinaryData> ReadAsync(IReadOnlyList<VersionFile> files, string name, CancellationToken cancellationToken)
    {
        var file = files.First(file => file.Name == name);
        if (file.SizeBytes > limits.Bytes)
            throw new TooLargeException($"{name} has {file.SizeBytes} bytes; {limits.Bytes} is the most (Limits:Samples:Bytes).");
        await using var content = await artifacts.OpenReadAsync(file.Sha256, cancellationToken: cancellationToken)
            ?? throw new StorageUnavailableException($"The artifact {file.Sha256} is missing in storage.");
        return await BinaryData.FromStreamAsync(content, cancellationToken);
    }
}

/// <summary>Limits of the samples of a version.</summary>
public sealed record SampleLimits
{
    /// <summary>The most samples (setting <c>Limits:Samples:Count</c>).</summary>
    [Between(1, 10_000)]
    public int Count { get; init; } = 100;

    /// <summary>Bytes of all inputs together, and of all outputs.</summary>
    [Between(1, 64 << 20)]
    public int Bytes { get; init; } = 1 << 20;
}
