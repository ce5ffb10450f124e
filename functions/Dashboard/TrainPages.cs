using System.ComponentModel;
using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Functions.Training;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Training;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Larder.Functions.Dashboard;

/// <summary>Trainings by a form, which is made of the JSON Schema of their options.</summary>
internal sealed class TrainPages(Pages pages, PageForms forms, SubmitTraining trainings, JobScheduler scheduler, ModelScopes scopes)
{
    private const string ModelField = "model";
    private const string Address = "address";
    private const string Dataset = "dataset";

    private static readonly Lazy<FormSpec> Spec = new(() => SubmitTraining.Spec with
    {
        Otherwise = "the form on the page",
        IsOfPage = true,
        ByExtension = null,
        Fields =
        [
            PageForms.TokenField,
            new(ModelField, "The model.") { TextBytes = 1024 },
            // A field of a form is a file or a text, whatever the API's form has.
            new(Address, "The address of the data set.") { TextBytes = FormField.AddressBytes },
            .. SubmitTraining.Spec.Fields.Where(field => field.Name != FormField.Options.Name),
            .. OptionFields.Of(TrainOptions.Schema.Json),
        ],
    });

    /// <summary>The form.</summary>
    [Function("UiTrain"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("The page to train a model.")]
    [Query(ModelField), Answers(MediaType = "text/html")]
    public Task<IActionResult> Open([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/train")] HttpRequest request) =>
        ShowAsync(request, QueryParameters.Text(request, ModelField) is { } model ? new Dictionary<string, string> { [ModelField] = model } : [], problem: null, StatusCodes.Status200OK);

    /// <summary>Submits the training. A refusal shows the form again, with the sentence above it.</summary>
    [Function("UiSubmitTraining"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Trains a model, by a form.")]
    [Query, Answers(MediaType = "text/html")]
    public Task<IActionResult> Submit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/train")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        return forms.TakeAsync(request, Spec.Value, trainings.StageAsync, SubmitAsync, (form, sentence, status) => ShowAsync(request, OptionFields.Given(form, Spec.Value), sentence, status), cancellationToken);

        async Task<IActionResult> SubmitAsync(Form form)
        {
            var name = ModelName.Parse(form.Text(ModelField)?.Trim() ?? "");
            await scopes.RequireAsync(request.Caller(), name, cancellationToken);
            if (form.Text(Address) is not null && form.File(Dataset) is not null)
                throw new InvalidRequestException("Give the data set as a file or by its address, not both.");
            var options = trainings.Validated(TrainOptions.Schema.ReadOrDefault(OptionFields.Read(form, TrainOptions.Schema.Json)), modelFile: null);
            var job = await scheduler.SubmitAndStartAsync(client, trainings.TakeAsync(name, form, form.Line(Address), options, key: null, request.Caller(), cancellationToken));
            return pages.Go(request, $"/ui/jobs/{job.Id}", $"The training of {name} is accepted.");
        }
    }

    private Task<IActionResult> ShowAsync(HttpRequest request, IReadOnlyDictionary<string, string> given, string? problem, int status) => pages.ShowAsync<TrainPage>(
        request,
        new() { [nameof(TrainPage.Options)] = TrainOptions.Schema.Json, [nameof(TrainPage.Given)] = given, [nameof(TrainPage.Problem)] = problem },
        status);
}
