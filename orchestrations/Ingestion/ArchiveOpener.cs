using System.Text.Json;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Ingestion;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Samples;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Ingestion;

/// <summary>Takes a model and what is said about it out of an archive.</summary>
/// <param name="staging">Local disk.</param>
/// <param name="artifacts">Where the card and sample inputs go.</param>
/// <param name="stager">Stages the model with the files in which it keeps tensors.</param>
/// <param name="samples">Stores samples with expected outputs.</param>
/// <param name="limits">How much an archive may hold.</param>
public sealed class ArchiveOpener(StagingArea staging, IArtifactStore artifacts, ModelStager stager, SampleStore samples, ArchiveLimits limits)
{
    private const int MostShown = 5;

    /// <summary>Whether a file is an archive: by its name, or else by its first bytes.</summary>
    /// <param name="fileName">What its sender calls it.</param>
    /// <param name="path">The local file.</param>
    public static bool IsArchive(string fileName, string path) => IngestedBlob.IsArchive(fileName) || ModelArchive.IsArchive(path);

    /// <summary>Opens an archive that is not staged yet.</summary>
    /// <inheritdoc cref="OpenAsync(string, string, CancellationToken)"/>
    internal async Task<OpenedArchive> OpenAsync(string model, Stream content, CancellationToken cancellationToken)
    {
        await using var packed = await staging.AddAsync(content, IngestionManifest.ArchiveInput, limits.PackedBytes, null, cancellationToken);
        return await OpenAsync(model, packed.Path, cancellationToken);
    }

    /// <summary>Opens an archive. Nothing of it is stored.</summary>
    /// <param name="model">The name of the model.</param>
    /// <param name="path">The archive, a local file.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>What it has; dispose of it in any case.</returns>
    /// <exception cref="InvalidRequestException">Something in it cannot be used: a sentence.</exception>
    /// <exception cref="TooLargeException">Something in it is too large.</exception>
    public async Task<OpenedArchive> OpenAsync(string model, string path, CancellationToken cancellationToken)
    {
        await using var archive = await ModelArchive.OpenAsync(path, limits, staging, cancellationToken);
        var said = await archive.ReadManifestAsync(cancellationToken) is { } yaml ? LarderYaml.Read(yaml) : new LarderYaml();
        if (said.Name is { } name && name != model)
            throw new InvalidRequestException($"{ModelArchive.Manifest} says that the model is {ArchiveEntryRules.Shown(name)}, and it was sent for {ArchiveEntryRules.Shown(model)}.");

        var metrics = await MetricsAsync(archive, cancellationToken);
        var card = await archive.ReadCardAsync(cancellationToken);
        var golden = await SamplesAsync(archive, said, cancellationToken);
        await using var content = archive.OpenModel();
        var staged = await stager.StageAsync(content, ModelArchive.Model, (name, _) => Task.FromResult(archive.TryOpen(name)), cancellationToken);
        if (said.Sha256 is { } expected && !expected.Equals(staged.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            await staged.DisposeAsync();
            throw new InvalidRequestException($"{ModelArchive.Manifest} says that the model's SHA-256 is {expected}; it is {staged.Sha256}.");
        }

        return new OpenedArchive(staged, said, metrics, card, golden, Note(archive));
    }

    /// <summary>Stores what came with the model, once everything is checked.</summary>
    /// <returns>The files, for <see cref="PublishRequest.Files"/>.</returns>
    public async Task<IReadOnlyList<VersionFile>> StoreFilesAsync(OpenedArchive opened, CancellationToken cancellationToken)
    {
        var files = new List<VersionFile>();
        if (opened.Card is { } card)
            files.Add(await StoreAsync(VersionFile.Card, card, cancellationToken));
        if (opened.Samples is ({ } inputs, { } outputs))
            files.AddRange(await samples.StoreAsync(inputs, outputs, cancellationToken));
        else if (opened.Samples.Inputs is { } only)
            files.Add(await samples.StoreInputsAsync(only, cancellationToken));
        return files;
    }

    private static async Task<IReadOnlyDictionary<string, double>> MetricsAsync(ModelArchive archive, CancellationToken cancellationToken)
    {
        if (await archive.ReadAsync(MetricsFile.Name, cancellationToken) is not { } json)
            return new Dictionary<string, double>();
        try
        {
            var read = MetricsFile.Parse(json);
            return read.Note is { } note ? throw new JsonException(note) : read.Metrics;
        }
        catch (JsonException e)
        {
            throw new InvalidRequestException($"{MetricsFile.Name} cannot be used: {e.Message.TrimEnd('.')}.");
        }
    }

    private static async Task<(BinaryData? Inputs, BinaryData? Outputs)> SamplesAsync(ModelArchive archive, LarderYaml said, CancellationToken cancellationToken)
    {
        var inputs = await archive.ReadAsync(VersionFile.SampleInputs, cancellationToken);
        if (inputs is not null && said.SampleInputs is not null)
            throw new InvalidRequestException($"The archive has {VersionFile.SampleInputs}, and {ModelArchive.Manifest} has sample_inputs; one of them is enough.");
        inputs ??= said.SampleInputs is { } sample ? BinaryData.FromString(sample.Body.GetRawText()) : null;
        var outputs = await archive.ReadAsync(VersionFile.SampleOutputs, cancellationToken);
        return outputs is null || inputs is not null ? (inputs, outputs) : throw new InvalidRequestException($"The archive has {VersionFile.SampleOutputs} and no {VersionFile.SampleInputs}.");
    }

    private async Task<VersionFile> StoreAsync(string name, BinaryData content, CancellationToken cancellationToken)
    {
        await using var staged = await staging.AddAsync(content.ToStream(), name, content.ToMemory().Length, null, cancellationToken);
        await artifacts.PutAsync(staged.Path, staged.Sha256, cancellationToken);
        return new VersionFile(name, staged.Sha256, staged.SizeBytes);
    }

    private static string? Note(ModelArchive archive)
    {
        if (archive.Ignored is not { Count: > 0 } ignored)
            return null;
        var shown = string.Join(", ", ignored.Take(MostShown).Select(ArchiveEntryRules.Shown));
        return ignored.Count > MostShown ? $"Ignored: {shown} and {ignored.Count - MostShown} more." : $"Ignored: {shown}.";
    }
}

/// <summary>What an archive has.</summary>
/// <param name="Model">The model, with the files in which it keeps tensors.</param>
/// <param name="Said">What <c>larder.yaml</c> says.</param>
/// <param name="Metrics">What <c>metrics.json</c> says.</param>
/// <param name="Card">The model card.</param>
/// <param name="Samples">Inputs to try the model with, and the outputs that are expected of them.</param>
/// <param name="Note">What to tell the archive's sender.</param>
public sealed record OpenedArchive(
    StagedFile Model, LarderYaml Said, IReadOnlyDictionary<string, double> Metrics, BinaryData? Card, (BinaryData? Inputs, BinaryData? Outputs) Samples, string? Note) : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Model.DisposeAsync();
}
