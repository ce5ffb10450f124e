using System.Text.Json;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Samples;
using Larder.Registry.Storage;

namespace Larder.Orchestrations.Ingestion;

/// <summary>Takes a model and what is said about it out of an archive.</summary>
/// <param name="staging">Local disk.</param>
/// <param name="artifacts">Where the card and sample inputs go.</param>
/// <param name="publisher">Stages the model.</param>
/// <param name="samples">Stores samples with expected outputs.</param>
/// <param name="limits">How much an archive may hold.</param>
public sealed class ArchiveOpener(StagingArea staging, IArtifactStore artifacts, ModelPublisher publisher, SampleStore samples, ArchiveLimits limits)
{
    private const int MostShown = 5;

    /// <summary>Opens an archive.</summary>
    /// <param name="job">The job.</param>
    /// <param name="content">The archive's bytes.</param>
    /// <param name="arrival">What is known without it.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The model, to be disposed of; what is known now; and what to tell the archive's sender.</returns>
    /// <exception cref="InvalidRequestException">Something in it cannot be used: a sentence.</exception>
    /// <exception cref="TooLargeException">Something in it is too large.</exception>
    internal async Task<(StagedFile Model, IngestionManifest Arrival, string? Note)> OpenAsync(
        Job job, Stream content, IngestionManifest arrival, CancellationToken cancellationToken)
    {
        await using var packed = await staging.AddAsync(content, IngestionManifest.ArchiveInput, limits.PackedBytes, null, cancellationToken);
        using var archive = ModelArchive.Open(packed.Path, limits);
        var said = await archive.ReadAsync(ModelArchive.Manifest, cancellationToken) is { } yaml ? LarderYaml.Read(yaml) : new LarderYaml();
        if (said.Name is { } name && name != job.Model)
            throw new InvalidRequestException($"{ModelArchive.Manifest} says that the model is {ArchiveEntryRules.Shown(name)}, and it was dropped for {ArchiveEntryRules.Shown(job.Model)}.");

        arrival = arrival with
        {
            Description = said.Description,
            ModelDescription = said.ModelDescription,
            Tags = said.Tags,
            Aliases = said.Aliases,
            Labels = said.Labels,
            Features = said.Features,
            Image = said.Image,
            Metrics = await MetricsAsync(archive, cancellationToken),
        };
        arrival.Validate(job);

        // Staged before anything of it is stored: an archive without a model leaves nothing.
        await using var modelContent = archive.OpenModel();
        var model = await publisher.StageAsync(modelContent, null, cancellationToken);
        try
        {
            return (model, arrival with { Files = await FilesAsync(archive, said, cancellationToken) }, Note(archive));
        }
        catch
        {
            await model.DisposeAsync();
            throw;
        }
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

    private async Task<IReadOnlyList<VersionFile>> FilesAsync(ModelArchive archive, LarderYaml said, CancellationToken cancellationToken)
    {
        var files = new List<VersionFile>();
        if (await archive.ReadAsync(VersionFile.Card, cancellationToken) is { } card)
            files.Add(await StoreAsync(VersionFile.Card, card, cancellationToken));
        var inputs = await archive.ReadAsync(VersionFile.SampleInputs, cancellationToken);
        if (inputs is not null && said.SampleInputs is not null)
            throw new InvalidRequestException($"The archive has {VersionFile.SampleInputs}, and {ModelArchive.Manifest} has sample_inputs; one of them is enough.");
        inputs ??= said.SampleInputs is { } sample ? BinaryData.FromString(sample.Body.GetRawText()) : null;
        if (await archive.ReadAsync(VersionFile.SampleOutputs, cancellationToken) is { } outputs)
            files.AddRange(await samples.StoreAsync(inputs ?? throw new InvalidRequestException($"The archive has {VersionFile.SampleOutputs} and no {VersionFile.SampleInputs}."), outputs, cancellationToken));
        else if (inputs is not null)
            files.Add(await samples.StoreInputsAsync(inputs, cancellationToken));
        return files;
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
