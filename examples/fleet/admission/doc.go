// Package admission tells a Kubernetes API server whether images may run, by verdicts that are stored already. Nothing is scanned while the API
// server waits.
//
// A [Handler] has three paths:
//
//	/validate      AdmissionReview admission.k8s.io/v1, for a ValidatingWebhookConfiguration
//	/mutate        AdmissionReview admission.k8s.io/v1, for a MutatingWebhookConfiguration: adds the digest to each image
//	/image-review  ImageReview imagepolicy.k8s.io/v1alpha1, for the plugin ImagePolicyWebhook
//
// It decodes the messages with structs of its own, because the modules of Kubernetes would add some twenty modules to the program for
// three small messages whose form is fixed.
//
// A user who may label or annotate a pod chooses among rules that select by labels or annotations, so rules of a lenient mode should select
// by namespace or service account.
package admission
