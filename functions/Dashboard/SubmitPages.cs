using System.ComponentModel;
using Larder.Dashboard.Pages;
using Larder.Dashboard.Parts;
using Larder.Functions.Access;
using Larder.Functions.Backup;
using Larder.Functions.Datasets;
using Larder.Functions.Drift;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.OpenApi;
using Larder.Functions.Scoring;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Drift;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Jobs;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Dashboard;

/// <summary>Jobs of other types than trainings by a form: scorings, comparisons, exports and imports. The rest is made of files that arrive (<see cref="JobTypes"/>).</summary>
internal sealed class SubmitPages
{
    private const string Model = "model";
    private const string Address = "address";
    private const string AllModels = "*";

    private readonly Pages _pages;
    private readonly PageForms _forms;
    private readonly JobScheduler _scheduler;
    private readonly JobAccess _access;
    private readonly Dictionary<string, Way> _ways;

    public SubmitPages(Pages pages, PageForms forms, JobScheduler scheduler, JobAccess access, DatasetForms datasets, ScoringSubmitter scorings, DriftSubmitter comparisons, StartImport imports, BackupSubmitter backups)
    {
        (_pages, _forms, _scheduler, _access) = (pages, forms, scheduler, access);
        var model = new SubmitField(Model, "Model", "A model, with a version or an alias if it is not the default: iris, iris:3, iris:champion.") { IsRequired = true };
        var dataset = new SubmitField(DatasetForms.Dataset, "Data set", "A CSV or JSON Lines file with a row for each prediction.") { IsFile = true };
        var address = new SubmitField(Address, "or its address", "The address of one that the server has or can fetch: datasets/..., uploads/..., a URL.") { Example = "datasets/model/file.csv" };
        var archive = new SubmitField(StartImport.Archive, "Archive", "The zip that an export has left.") { IsFile = true };
        var source = new SubmitField(Address, "or where it is", "The id of an export's job on this server, uploads/... or a URL.");
        _ways = new(StringComparer.Ordinal)
        {
            [ScoreJob.Type] = OfDataset(FormOf(ScoreJob.Type, "Score a data set", "Score", model, dataset, address), SubmitScoring.Spec, scorings),
            [DriftJob.Type] = OfDataset(FormOf(DriftJob.Type, "Check a data set for drift", "Compare", model, dataset, address), SubmitDrift.Spec, comparisons),
            [ExportJob.Type] = new(
                FormOf(ExportJob.Type, "Export models", "Export"),
                new FormSpec("an export", "the form on the page"),
                (_, _, _) => throw new InvalidOperationException("The form of an export has no file."),
                _ => AllModels,
                (_, options, caller, cancellationToken) => backups.ExportAsync(ExportOptions.Schema.ReadOrDefault(options), key: null, caller, cancellationToken)),
            [ImportJob.Type] = new(
                FormOf(ImportJob.Type, "Import models", "Import", archive, source),
                StartImport.Spec,
                imports.StageAsync,
                _ => AllModels,
                (form, options, caller, cancellationToken) => imports.TakeAsync(form, form.Line(Address), ImportOptions.Schema.ReadOrDefault(options), key: null, caller, cancellationToken)),
        };

        Way OfDataset<TOptions>(SubmitForm form, FormSpec api, DatasetJobSubmitter<TOptions> submitter)
            where TOptions : class => new(
            form,
            api,
            datasets.StageAsync,
            given => ModelReference.Parse(Reference(given)).Name,
            (given, options, caller, cancellationToken) => DatasetForms.TakeAsync(Reference(given), given, given.Line(Address), submitter.Schema.ReadOrDefault(options), key: null, caller, submitter, cancellationToken));
    }

    /// <summary>The form.</summary>
    [Function("UiSubmit"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("The page to submit a job of a type.")]
    [Query(Model), Answers(MediaType = "text/html")]
    public async Task<IActionResult> Open(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/submit/{type}")] HttpRequest request,
        string type,
        CancellationToken cancellationToken)
    {
        var way = Find(type);
        var model = QueryParameters.Text(request, Model);
        if (!way.HasModel)
        {
            if (model is not null)
                throw new InvalidRequestException($"A job of the type {type} is not about one model; leave the parameter {Model} out.");
            await _access.RequireAsync(request.Caller(), JobWay.Submit, type, AllModels, cancellationToken);
        }
        return await ShowAsync(request, way, model is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [Model] = model }, problem: null, StatusCodes.Status200OK);
    }

    /// <summary>Submits the job. A refusal shows the form again, with the sentence above it.</summary>
    [Function("UiSubmitJob"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Submits a job of a type, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public Task<IActionResult> Submit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/submit/{type}")] HttpRequest request,
        string type,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var way = Find(type);
        return _forms.TakeAsync(request, way.Spec, way.Stage, SubmitAsync, (form, sentence, status) => ShowAsync(request, way, OptionFields.Given(form, way.Spec), sentence, status), cancellationToken);

        async Task<IActionResult> SubmitAsync(Form form)
        {
            await _access.RequireAsync(request.Caller(), JobWay.Submit, type, way.ModelOf(form), cancellationToken);
            if (form.Text(Address) is not null && form.Files.Count > 0)
                throw new InvalidRequestException("Give the file or its address, not both.");
            var job = await _scheduler.SubmitAndStartAsync(client, way.TakeAsync(form, OptionFields.Read(form, way.Form.Options), request.Caller(), cancellationToken));
            return _pages.Go(request, $"/ui/jobs/{job.Id}", "The job is accepted.");
        }
    }

    private static string Reference(Form form) => form.Text(Model)?.Trim() ?? "";

    private static SubmitForm FormOf(string type, string title, string button, params IReadOnlyList<SubmitField> fields)
    {
        var entry = JobTypes.All.Single(one => one.Type == type);
        return new SubmitForm(title, entry.Description, button, entry.Options(), fields);
    }

    private Way Find(string type) => _ways.GetValueOrDefault(type) ?? throw new NotFoundException("There is no form for such jobs; the page of jobs has links to the forms that there are.");

    private Task<IActionResult> ShowAsync(HttpRequest request, Way way, IReadOnlyDictionary<string, string> given, string? problem, int status) => _pages.ShowAsync<SubmitPage>(
        request,
        new() { [nameof(SubmitPage.Form)] = way.Form, [nameof(SubmitPage.Given)] = given, [nameof(SubmitPage.Problem)] = problem },
        status);

    /// <summary>How jobs of a type are submitted.</summary>
    /// <param name="Form">The form on the page.</param>
    /// <param name="Api">The form that the API takes.</param>
    /// <param name="Stage">Keeps the bytes of its file.</param>
    /// <param name="ModelOf">Which model it is about.</param>
    /// <param name="TakeAsync">Submits the job: the form, the options as JSON, the caller.</param>
    private sealed record Way(SubmitForm Form, FormSpec Api, StageFile Stage, Func<Form, string> ModelOf, Func<Form, byte[]?, Caller, CancellationToken, Task<Job>> TakeAsync)
    {
        public bool HasModel => Form.Fields.Any(one => one.Name == Model);

        /// <summary>The form of the API, with a field for each option, and the model, which the API has in its path.</summary>
        public FormSpec Spec { get; } = Api with
        {
            Otherwise = "the form on the page",
            IsOfPage = true,
            Fields =
            [
                PageForms.TokenField,
                .. Api.Fields.Where(field => field.Name != FormField.Options.Name),
                .. Form.Fields.Where(field => !field.IsFile).Select(field => new FormField(field.Name, field.Help) { TextBytes = FormField.AddressBytes }),
                .. OptionFields.Of(Form.Options),
            ],
        };
    }
}
