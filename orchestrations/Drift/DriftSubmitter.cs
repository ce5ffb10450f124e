using System.Text.Json;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Scoring.Rows;
using Larder.Orchestrations.Training;
using Larder.Registry.Access;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Storage;
using Larder.Registry.Text;

namespace Larder.Orchestrations.Drift;

/// <summary>Accepts comparisons of data sets: checks the request, stores its file, and submits the job. Nothing is stored before everything is checked.</summary>
public sealed class DriftSubmitter(JobSubmitter submitter, ModelRegistry registry, IArtifactStore artifacts, DatasetFinder finder, JobAccess access, ScoringLimits limits)
{
    /// <summary>What the data set to compare with is called among a job's inputs.</summary>
    internal const string Reference = "reference";

    /// <summary>Compares a data set that came with the request.</summary>
    /// <param name="reference">The model, and which version.</param>
    /// <param name="fileName">What the client calls the file.</param>
    /// <param name="file">Its bytes on local disk.</param>
    /// <param name="options">The job's options.</param>
    /// <param name="key">The caller's idempotency key.</param>
    /// <param name="caller">The caller, whose rights are checked.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The job; with an idempotency key, perhaps one that exists already.</returns>
    /// <exception cref="InvalidRequestException">There is nothing to compare with, or a file's name does not say what it is.</exception>
    /// <exception cref="NotFoundException">There is no such model, version or data set.</exception>
    /// <exception cref="ConflictException">The key was used for another request.</exception>
    public async Task<Job> SubmitAsync(
        string reference, string fileName, StagedFile file, DriftOptions options, string? key, Caller caller, CancellationToken cancellationToken)
    {
        var request = await RequestAsync(caller, reference, fileName, options, cancellationToken);
        await artifacts.PutAsync(file.Path, file.Sha256, cancellationToken);
        var input = new JobInput(FoundDataset.InputName, fileName, file.Sha256, file.SizeBytes);
        return await submitter.SubmitAsync(request with { Inputs = [.. request.Inputs, input], Key = key, By = caller, Owner = caller.Name }, cancellationToken);
    }

    /// <summary>Compares a data set that is somewhere else: <c>uploads/{path}</c>, <c>datasets/{model}/{file_name}</c> or a URL.</summary>
    /// <inheritdoc cref="SubmitAsync(string, string, StagedFile, DriftOptions, string?, Caller, CancellationToken)"/>
    public async Task<Job> SubmitAsync(string reference, string dataset, DriftOptions options, string? key, Caller caller, CancellationToken cancellationToken)
    {
        await finder.RequireInScopeAsync(caller, dataset, cancellationToken);
        var request = await RequestAsync(caller, reference, finder.FileNameOf(dataset), options, cancellationToken);
        var found = await finder.FindAsync(caller, dataset, limits.DatasetBytes, cancellationToken);
        return await submitter.SubmitAsync(found.GivenTo(request) with { Key = key, By = caller, Owner = caller.Name }, cancellationToken);
    }

    /// <summary>What a comparison asks for, but for its data set.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="reference">The model, and which version.</param>
    /// <param name="fileName">What the data set is called.</param>
    /// <param name="options">The job's options.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal async Task<JobRequest> RequestAsync(Caller caller, string reference, string fileName, DriftOptions options, CancellationToken cancellationToken)
    {
        var model = await registry.ResolveAsync(ModelReference.Parse(reference), cancellationToken);
        DatasetFormat.Of(fileName, options.Format, options.Delimiter);
        if (options.Columns.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new InvalidRequestException($"'columns' names {Quoted.Text(twice.Key)} twice.");
        var baseline = options.Reference is { } address
            ? await NamedAsync(caller, address, cancellationToken)
            : await TrainingDataAsync(caller, model.Version, cancellationToken);
        DatasetFormat.Of(baseline.FileName, options.Format, options.Delimiter);
        return new JobRequest(DriftJob.Type, model.Model.Name, JobOptions.ToJson(options))
        {
            Version = model.Version.Version,
            Reference = reference,
            Inputs = [baseline with { Name = Reference }],
        };
    }

    private async Task<JobInput> NamedAsync(Caller caller, string address, CancellationToken cancellationToken)
    {
        if (!address.StartsWith(Dataset.Prefix, StringComparison.Ordinal))
            throw new InvalidRequestException($"'reference' must be a data set that was uploaded in blocks, {Dataset.AddressOf("{model}", "{file_name}")}.");
        return (await finder.FindAsync(caller, address, limits.DatasetBytes, cancellationToken)).Input!;
    }

    private async Task<JobInput> TrainingDataAsync(Caller caller, ModelVersion version, CancellationToken cancellationToken)
    {
        const string Instead = "Name the data set to compare with in the option 'reference': one that was uploaded in blocks, datasets/{model}/{file_name}.";
        if (version.Job is not { } id)
            throw new InvalidRequestException($"{version.Model}:{version.Version} was not trained here. {Instead}");
        Job job;
        try
        {
            job = await access.OpenAsync(caller, id, JobWay.ReadInputs, cancellationToken);
        }
        catch (NotFoundException)
        {
            throw new InvalidRequestException($"The job that made {version.Model}:{version.Version} is deleted. {Instead}");
        }

        if (job.Type != TrainJob.Type || job.Inputs.FirstOrDefault(input => input.Name == FoundDataset.InputName) is not { } data)
            throw new InvalidRequestException($"{version.Model}:{version.Version} was not trained here on a data set. {Instead}");
        if (data.SizeBytes > limits.DatasetBytes)
            throw new TooLargeException($"The data set of the training has more than {limits.DatasetBytes} bytes, which is the limit.");
        return await artifacts.TouchAsync(data.Sha256, cancellationToken) ? data : throw new InvalidRequestException($"The data set of the training is not stored any more. {Instead}");
    }
}

/// <summary>Comparisons by schedule.</summary>
public sealed class ScheduledDrift(DriftSubmitter comparisons, DatasetFinder finder, ScoringLimits limits) : ScheduledDatasetJob(finder, limits)
{
    /// <inheritdoc/>
    public override string Type => DriftJob.Type;

    /// <inheritdoc/>
    protected override Task<JobRequest> RequestAsync(Caller caller, string reference, string fileName, JsonElement? options, CancellationToken cancellationToken) =>
        comparisons.RequestAsync(caller, reference, fileName, DriftOptions.Schema.ReadOrDefault(options), cancellationToken);
}
